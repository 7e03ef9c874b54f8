/**
 * Who may ask what: one table, one place. Each route states a permission; this hook finds out who asks, by what stands in
 * `Authorization`, and holds the two against each other.
 */

import type { FastifyRequest } from "fastify";
import { type Actor, PASSKEY_ACTOR } from "../domain/actor.ts";
import { AppError, isAppError } from "../domain/errors.ts";
import { TOKEN_PREFIX } from "../domain/session.ts";
import { isLocal } from "./client-address.ts";

/**
 * `public`: anybody. `member`: anybody signed in. `admin`: admins and the passkey. `local_or_admin`: also loopback
 * without a forwarding header.
 */
export type Permission = "public" | "member" | "admin" | "local_or_admin";

/** Tells whose a credential is. */
export type Credentials = {
  /** Is this the passkey? @throws AppError `internal` when that can't be told */
  readonly admits: (credential: string) => Promise<boolean>;
  /** Who an access token or API key stands for; undefined for anything else and for what has expired. */
  readonly identify: (token: string) => Promise<Actor | undefined>;
  /** Who a session stands for as long as it can be refreshed; undefined once it has ended. */
  readonly findSession: (sessionId: string) => Promise<Actor | undefined>;
};

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks; undefined for somebody who is not signed in, which only a public route (or a local one) sees. */
    actor: Actor | undefined;
  }
}

/**
 * Lets the request pass and says on it who asks. A path that is no route's passes too: it gets its 404.
 * @throws AppError `unauthorized`, `forbidden`
 */
export async function authorize(request: FastifyRequest, credentials: Credentials): Promise<void> {
  const permission = request.routeOptions.config?.permission ?? "admin";
  if (permission === "public" || request.is404) return;
  if (permission === "local_or_admin" && isLocal(request)) return;
  request.actor = await requireActor(request.headers.authorization, credentials);
  if (!isEnough(request.actor, permission)) {
    throw new AppError("forbidden", "Insufficient permissions.", { remedy: "Ask an admin of this server." });
  }
}

/**
 * For answers that last: may whoever asked still be told? As long as the session, the API key or the passkey lasts,
 * longer than the access token that was shown. What can't be told now counts as yes.
 */
export async function mayStillAsk(request: FastifyRequest, credentials: Credentials): Promise<boolean> {
  const { actor, headers, routeOptions } = request;
  if (actor === undefined) return true;
  try {
    const isSession = actor.kind === "session";
    const now = await (isSession
      ? credentials.findSession(actor.sessionId)
      : requireActor(headers.authorization, credentials));
    return now !== undefined && isEnough(now, routeOptions.config.permission ?? "admin");
  } catch (error) {
    if (isAppError(error, "unauthorized")) return false;
    request.log.warn({ err: error }, "whether somebody is still signed in could not be told");
    return true;
  }
}

function isEnough(actor: Actor, permission: Permission): boolean {
  return permission === "member" || actor.role === "admin";
}

/** Who a bare token stands for, the passkey among them: for WebSockets, which say it in a message. */
export async function findActor(token: string, { admits, identify }: Credentials): Promise<Actor | undefined> {
  // Tokens first: they must go on working while the passfile can't be read.
  const known = token.startsWith(TOKEN_PREFIX) ? await identify(token) : undefined;
  return known ?? ((await admits(token)) ? PASSKEY_ACTOR : undefined);
}

/** The actor of a route that only somebody signed in reaches. */
export function actorOf(request: FastifyRequest): Actor {
  if (request.actor === undefined) throw new AppError("unauthorized", "Authentication required.", REMEDY);
  return request.actor;
}

/** lambdaathome's clients send the passkey as it is; everybody else, and for every other credential, `Bearer`. */
async function requireActor(authorization: string | undefined, credentials: Credentials): Promise<Actor> {
  if (authorization === undefined || authorization === "") {
    throw new AppError("unauthorized", "Authentication required.", REMEDY);
  }
  const bearer = /^Bearer +(.*)$/is.exec(authorization)?.[1];
  const found = bearer === undefined ? undefined : await findActor(bearer, credentials);
  if (found !== undefined) return found;
  if (await credentials.admits(authorization)) return PASSKEY_ACTOR;
  throw new AppError("unauthorized", "Invalid or expired token.", REMEDY);
}

const REMEDY = {
  remedy:
    "Send `Authorization: Bearer` and an access token of POST /api/auth/login, an API key, or the passkey, which stands in the passfile on the server.",
};
