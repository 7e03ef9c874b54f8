/**
 * Exit statuses of `slipway`, all in one table: 0 done, 1 failed, 2 wrongly called, 130 interrupted. A new error code
 * without a row does not compile.
 */

import { AppError, type AppErrorOptions, type ErrorCode } from "../domain/errors.ts";

/** The command was typed wrongly; nothing was sent to a server. */
export class UsageError extends AppError {
  constructor(message: string, options: AppErrorOptions = {}) {
    super("invalid", message, options);
    this.name = "UsageError";
  }
}

/** Ctrl-C or SIGTERM. */
export class Interrupted extends AppError {
  constructor(message = "Interrupted.", options: AppErrorOptions = {}) {
    super("cancelled", message, options);
    this.name = "Interrupted";
  }
}

/** Some of what was asked for failed, each told already, with --json in the one document. */
export class SomeFailed extends AppError {
  constructor(message: string) {
    super("unprocessable", message);
    this.name = "SomeFailed";
  }
}

/** Nobody reads standard output any more (`slipway logs … | head`): the end, and no failure. */
export class OutputClosed extends AppError {
  constructor() {
    super("cancelled", "Standard output was closed.");
    this.name = "OutputClosed";
  }
}

const EXIT_STATUS: Readonly<Record<ErrorCode | "ok" | "usage" | "interrupted", number>> = {
  ok: 0,
  usage: 2,
  interrupted: 130,
  invalid: 1,
  unauthorized: 1,
  forbidden: 1,
  not_found: 1,
  method_not_allowed: 1,
  conflict: 1,
  too_large: 1,
  unsupported_media_type: 1,
  unprocessable: 1,
  build_failed: 1,
  deploy_failed: 1,
  cancelled: 1,
  too_many_requests: 1,
  not_ready: 1,
  bad_gateway: 1,
  unavailable: 1,
  timeout: 1,
  disk_full: 1,
  internal: 1,
};

export const EXIT_OK = EXIT_STATUS.ok;

/** The status the program ends with after `error`. */
export function exitStatusOf(error: unknown): number {
  if (error instanceof OutputClosed) return EXIT_STATUS.ok;
  if (error instanceof UsageError) return EXIT_STATUS.usage;
  if (error instanceof Interrupted) return EXIT_STATUS.interrupted;
  return EXIT_STATUS[error instanceof AppError ? error.code : "internal"];
}
