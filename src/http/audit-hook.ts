/**
 * Writes down who changed what: one record for each request that changed something, or may have, after it was done and
 * before its answer is sent. Which ones: `isAudited` in src/domain/audit.ts. Neither bodies nor queries are looked at.
 */

import type { FastifyInstance, FastifyRequest } from "fastify";
import { type AuditLog, auditOf, isAudited } from "../domain/audit.ts";
import { AppError, type ErrorCode } from "../domain/errors.ts";
import { clientAddress } from "./client-address.ts";
import { toAppError } from "./error-answer.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Whom somebody tried to sign in as, or whose token came back: a refusal is written down then, too. */
    triedAs: string | undefined;
    /** What the request failed with. */
    failure: ErrorCode | undefined;
    isAudited: boolean;
  }
  interface FastifyContextConfig {
    /** A GET that changes something. */
    changesState?: boolean;
  }
}

export function addAuditHook(app: FastifyInstance, audit: AuditLog): void {
  app.decorateRequest("triedAs", undefined);
  app.decorateRequest("failure", undefined);
  app.decorateRequest("isAudited", false);
  app.addHook("onSend", async (request, reply, payload) => {
    if (!request.isAudited && !request.is404 && isWorthIt(request)) {
      // Once: an answer that says the record could not be written comes by here again.
      request.isAudited = true;
      await write(request, reply.statusCode, audit);
    }
    return payload;
  });
}

function isWorthIt(request: FastifyRequest): boolean {
  return isAudited({
    method: request.method,
    changesState: request.routeOptions.config?.changesState === true,
    failure: request.failure,
    isSignIn: request.triedAs !== undefined,
  });
}

/**
 * When the record can't be written the change is done already and can't be taken back. It must not stay unseen: the
 * caller gets the error instead of the answer (a token that was made is thereby known to nobody), and the record goes to
 * the server's own log. A request that failed anyway keeps its own error, which says more.
 */
async function write(request: FastifyRequest, status: number, audit: AuditLog): Promise<void> {
  const entry = auditOf(request.actor, {
    action: `${request.method} ${request.routeOptions.url ?? ""}`,
    target: request.url,
    status,
    from: clientAddress(request),
    requestId: request.id,
    triedAs: request.triedAs,
  });
  try {
    await audit.record(entry);
  } catch (error) {
    request.log.error({ err: error, audit: entry }, "a change could not be written into the audit log");
    if (request.failure !== undefined) return;
    throw new AppError(toAppError(error).code, "It was done, but could not be written into the audit log.", {
      cause: error,
      remedy: "Look at what there is now before you try again, and at the server's log for the reason.",
    });
  }
}
