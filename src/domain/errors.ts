/**
 * The one error type and its closed list of codes. `message` is safe to show to a person; `cause` is for the log.
 * Every code has a page in docs/errors/<code>.md (a test compares the two lists) and one status in src/http/.
 */

export const ERROR_CODES = [
  "invalid",
  "unauthorized",
  "forbidden",
  "not_found",
  "method_not_allowed",
  "conflict",
  "too_large",
  "unsupported_media_type",
  "unprocessable",
  "build_failed",
  "deploy_failed",
  "cancelled",
  "too_many_requests",
  "not_ready",
  "bad_gateway",
  "unavailable",
  "timeout",
  "disk_full",
  "internal",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export type AppErrorOptions = {
  readonly cause?: unknown;
  /** Messages by field name, for answers with status 422 or 400 about a form. */
  readonly fields?: Readonly<Record<string, readonly string[]>>;
  /** What the person can do about it; shown after the message. */
  readonly remedy?: string;
  /** Seconds after which the same call may work; becomes `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** Last lines of a log that explain the error, oldest first. */
  readonly logTail?: string;
};

/** An error with a code from the closed list. Everything that is not an AppError is answered as `internal`. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly fields: Readonly<Record<string, readonly string[]>> | undefined;
  readonly remedy: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly logTail: string | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.fields = options.fields;
    this.remedy = options.remedy;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.logTail = options.logTail;
  }
}

/** True for an AppError with that code (any code when none is given). */
export function isAppError(error: unknown, code?: ErrorCode): error is AppError {
  return error instanceof AppError && (code === undefined || error.code === code);
}

/** An `invalid` error about one field: what is wrong with it and what would be right. */
export function invalidField(field: string, message: string, remedy?: string): AppError {
  return new AppError("invalid", `${field}: ${message}`, {
    fields: { [field]: [message] },
    ...(remedy === undefined ? {} : { remedy }),
  });
}
