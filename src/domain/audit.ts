/** The audit log: who changed what, when, and from where. */

import { type Actor, actorName, userIdOf } from "./actor.ts";
import type { ErrorCode } from "./errors.ts";
import type { Page } from "./project.ts";

export type AuditRecord = {
  readonly id: string;
  readonly at: number;
  readonly actorKind: "passkey" | "session" | "api_key" | "anonymous";
  /** Null for the passkey and for who is not signed in. */
  readonly userId: string | null;
  /** E-mail, `passkey`, or what somebody tried to sign in as. */
  readonly actorName: string;
  /** What was asked: `POST /api/projects/:p/deploy`, or `ws node:delete`. */
  readonly action: string;
  /** The path as it was sent, without its query. */
  readonly target: string;
  /** HTTP status of the answer; 200 for a WebSocket message that took effect. */
  readonly status: number;
  /** IP address of the client. */
  readonly from: string;
  readonly requestId: string;
};

export type AuditFilter = {
  readonly userId?: string;
  /** A part of action or target, whatever its case. */
  readonly search?: string;
  /** Not before, ms since the epoch. */
  readonly since?: number;
};

export interface AuditStore {
  add(record: AuditRecord): Promise<void>;
  /** Newest first; equal times by id. */
  list(filter?: AuditFilter & Page): Promise<readonly AuditRecord[]>;
  count(filter?: AuditFilter): Promise<number>;
  /** Keeps the newest `count`. */
  keepNewest(count: number): Promise<void>;
}

/** What is told of one change; id and time are the log's to give. */
export type AuditEntry = Omit<AuditRecord, "id" | "at">;

export interface AuditLog {
  /** Written when it resolves. @throws AppError what the store throws (`disk_full`, `unavailable`) */
  record(entry: AuditEntry): Promise<void>;
}

/** How many records are kept, the newest ones. */
export const KEPT_AUDIT_RECORDS = 20_000;

const MAX_TARGET = 500;

/**
 * The entry for something `actor` did, or for somebody who is not signed in (undefined), by the name tried. The target
 * loses its query, which may hold anything, and what is too long of it.
 */
export function auditOf(
  actor: Actor | undefined,
  done: Pick<AuditEntry, "action" | "target" | "status" | "from" | "requestId"> & {
    readonly triedAs?: string | undefined;
  },
): AuditEntry {
  const { triedAs, ...entry } = done;
  return {
    ...entry,
    target: (done.target.split("?")[0] ?? "").slice(0, MAX_TARGET),
    actorKind: actor?.kind ?? "anonymous",
    userId: userIdOf(actor),
    actorName: (actor === undefined ? (triedAs ?? "") : actorName(actor)).slice(0, MAX_TARGET),
  };
}

/** Methods that change nothing, but for a few GETs of the seeds. */
const READS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Is a request to be written down? Those that changed something, or may have before they failed, those that were
 * forbidden, and refused attempts to sign in. Not what failed before it began (`not_found`, `unprocessable`, …), nor
 * strangers' requests: whoever floods the server would wash the records that matter out of the log.
 */
export function isAudited(request: {
  readonly method: string;
  /** It is a GET that changes something. */
  readonly changesState: boolean;
  /** What it failed with. */
  readonly failure: ErrorCode | undefined;
  /** It is an attempt to sign in, or a replayed token. */
  readonly isSignIn: boolean;
}): boolean {
  if (READS.has(request.method) && !request.changesState) return false;
  if (request.failure === undefined) return true;
  return MAY_HAVE_CHANGED[request.failure] || (request.isSignIn && request.failure === "unauthorized");
}

const MAY_HAVE_CHANGED: Readonly<Record<ErrorCode, boolean>> = {
  invalid: false,
  unauthorized: false,
  forbidden: true,
  not_found: false,
  method_not_allowed: false,
  conflict: false,
  too_large: false,
  unsupported_media_type: false,
  unprocessable: false,
  build_failed: true,
  deploy_failed: true,
  cancelled: true,
  too_many_requests: false,
  not_ready: false,
  bad_gateway: true,
  unavailable: true,
  timeout: true,
  disk_full: true,
  internal: true,
};
