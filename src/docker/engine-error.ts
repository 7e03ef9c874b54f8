/** The one translation of what the engine (or the way to it) says into AppErrors. */

import { AppError, isAppError } from "../domain/errors.ts";

/** What dockerode and Node put on their errors, as far as we read it. */
type EngineFailure = {
  readonly statusCode?: number;
  readonly code?: string;
  readonly name?: string;
  /** Path of the socket that could not be connected to. */
  readonly address?: string;
  readonly message?: string;
  readonly json?: { readonly message?: string };
};

const AWAY_CODES = new Set(["ECONNREFUSED", "ENOENT", "EPIPE", "ECONNRESET", "ETIMEDOUT", "ENOTSOCK"]);

/**
 * `not_found` (404), `conflict` (409), `unavailable` (engine away, or we may not speak to it), `disk_full`,
 * `cancelled` (aborted by us), else `internal`. An AppError stays as it is; the original is the `cause`.
 */
export function toAppError(error: unknown, socketPath = addressOf(error)): AppError {
  if (isAppError(error)) return error;
  const { statusCode, code, name } = failureOf(error);
  const words = engineWords(error);
  if (name === "AbortError" || code === "ABORT_ERR") return new AppError("cancelled", "Cancelled.", { cause: error });
  if (statusCode === undefined) return awayError(error, code, words, socketPath);
  if (/no space left on device/i.test(words)) {
    return new AppError("disk_full", `The Docker engine has no disk space left: ${words}`, {
      cause: error,
      remedy: "Free space on the engine's disk, for example with `docker system prune`.",
    });
  }
  // What is being removed at this moment is as good as gone; the engine calls that a conflict.
  const isGoing = statusCode === 409 && /dead or marked for removal/i.test(words);
  if (statusCode === 404 || isGoing) return new AppError("not_found", sentence(words), { cause: error });
  if (statusCode === 409) return new AppError("conflict", sentence(words), { cause: error });
  return new AppError("internal", `The Docker engine answered ${statusCode}: ${words}`, { cause: error });
}

function awayError(error: unknown, code: string | undefined, words: string, socketPath: string): AppError {
  if (code === "EACCES" || code === "EPERM") {
    return new AppError("unavailable", `Slipway may not use the Docker engine at ${socketPath}.`, {
      cause: error,
      remedy: "Run Slipway as root, or add its user to the group `docker` and sign in again.",
    });
  }
  if (code !== undefined && AWAY_CODES.has(code)) {
    return new AppError("unavailable", `The Docker engine does not answer at ${socketPath}.`, {
      cause: error,
      remedy: "Start it (`systemctl start docker`), or set the path of its socket if it is elsewhere.",
      retryAfterSeconds: 5,
    });
  }
  return new AppError("internal", `A call to the Docker engine failed: ${words}`, { cause: error });
}

/** HTTP status the engine answered with; undefined when the request did not get that far. Looks into AppErrors too. */
export function engineStatus(error: unknown): number | undefined {
  return failureOf(isAppError(error) ? error.cause : error).statusCode;
}

/** The engine's own words, without what dockerode puts around them. Looks into AppErrors too. */
export function engineWords(error: unknown): string {
  const source = isAppError(error) && error.cause !== undefined ? error.cause : error;
  const { json, message } = failureOf(source);
  return (json?.message ?? message ?? String(source)).trim();
}

function addressOf(error: unknown): string {
  return failureOf(error).address ?? "its socket";
}

function failureOf(error: unknown): EngineFailure {
  return typeof error === "object" && error !== null ? error : {};
}

function sentence(words: string): string {
  const text = words.charAt(0).toUpperCase() + words.slice(1);
  return text.endsWith(".") ? text : `${text}.`;
}
