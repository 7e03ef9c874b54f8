/**
 * SQLite's errors in the domain's words, told apart by result code (https://sqlite.org/rescode.html), never by text;
 * only the columns of a broken UNIQUE have to be read from the message.
 */

import { AppError } from "../domain/errors.ts";
import { ownerMissingError, takenError } from "../domain/store-errors.ts";

const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;
const CONSTRAINT_FOREIGNKEY = 787;
const CONSTRAINT_PRIMARYKEY = 1555;
const CONSTRAINT_UNIQUE = 2067;
/** The shared-memory file of the WAL could not grow, which is how a full disk shows there. */
const IOERR_SHMSIZE = 4874;

/** The AppError that says what `error` means, or `error` itself when it is nothing a caller could know. */
export function translateSqliteError(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  if (error.code === "ERR_INVALID_STATE") return closedError(error);
  const code = resultCodeOf(error);
  if (code === undefined) return error;
  return translateExtended(code, error) ?? translatePrimary(code & 0xff, error) ?? error;
}

/** True when another connection or process holds the lock that was asked for. */
export function isLockedError(error: unknown): boolean {
  const code = resultCodeOf(error);
  return code !== undefined && (code & 0xff) === BUSY;
}

/** SQLite's extended result code; its low byte is the primary one. */
function resultCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("code" in error) || error.code !== "ERR_SQLITE_ERROR") return undefined;
  return "errcode" in error && typeof error.errcode === "number" ? error.errcode : undefined;
}

function translateExtended(code: number, cause: Error): AppError | undefined {
  switch (code) {
    case CONSTRAINT_UNIQUE:
    case CONSTRAINT_PRIMARYKEY:
      return uniqueError(cause);
    case CONSTRAINT_FOREIGNKEY:
      return ownerMissingError(cause);
    case IOERR_SHMSIZE:
      return diskFullError(cause);
    default:
      return undefined;
  }
}

function translatePrimary(code: number, cause: Error): AppError | undefined {
  switch (code) {
    case BUSY:
    case LOCKED:
      return new AppError("unavailable", "Another program is using the database.", {
        cause,
        remedy: "Close other programs that have slipway.db open.",
        retryAfterSeconds: 1,
      });
    case FULL:
      return diskFullError(cause);
    case READONLY:
    case CANTOPEN:
      return cannotOpenError("The database file", cause);
    case IOERR:
      return new AppError("unavailable", "The disk under the database reports an error.", {
        cause,
        remedy: "Check the disk; the kernel's log says more.",
      });
    case CORRUPT:
    case NOTADB:
      return new AppError("internal", "The database file is damaged.", { cause, remedy: "Restore it from a backup." });
    default:
      return undefined;
  }
}

/** @param cause what said so, if anything did */
export function closedError(cause?: unknown): AppError {
  return new AppError("unavailable", "The database is closed.", { cause });
}

/** `what` can't be opened for writing, whatever the system's reason. */
export function cannotOpenError(what: string, cause: unknown): AppError {
  return new AppError("unavailable", `${what} can't be opened for writing.`, {
    cause,
    remedy: "Check that the data directory exists and belongs to the user Slipway runs as.",
  });
}

/** @param cause what said so */
export function diskFullError(cause: unknown): AppError {
  return new AppError("disk_full", "The disk is full: the change was not stored.", {
    cause,
    remedy: "Free some space and try again.",
  });
}

/** Fields that only say within what the others are unique. */
const WITHIN: ReadonlySet<string> = new Set(["projectId", "scope", "scopeId"]);

/** Of `UNIQUE constraint failed: services.project_id, services.name`: a service with this name. */
function uniqueError(cause: Error): AppError {
  const columns = cause.message.slice(cause.message.indexOf(":") + 1).split(",");
  const table = columns[0]?.trim().split(".")[0] ?? "";
  const fields = columns.map((column) => camelCase(column.trim().split(".")[1] ?? ""));
  const own = fields.length > 1 ? fields.filter((field) => !WITHIN.has(field)) : fields;
  return takenError(table.replace(/s$/, "").replaceAll("_", " "), own, cause);
}

function camelCase(column: string): string {
  return column.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}
