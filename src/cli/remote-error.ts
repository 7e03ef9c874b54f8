/** An error that a server answered with, rebuilt from its body: the code travels, it is never guessed from a status. */

import { AppError, type AppErrorOptions, ERROR_CODES, type ErrorCode } from "../domain/errors.ts";

export class RemoteError extends AppError {
  /** Names the request in the server's log. */
  readonly requestId: string | undefined;

  constructor(code: ErrorCode, message: string, requestId: string | undefined, options: AppErrorOptions = {}) {
    super(code, message, options);
    this.requestId = requestId;
  }
}

type ErrorBody = {
  readonly error: string;
  readonly message: string;
  readonly requestId?: string;
  readonly errors?: Readonly<Record<string, readonly string[]>>;
  readonly remedy?: string;
  readonly log_tail?: string;
};

/** The error in a body of the form of design 8, or undefined when the text is none. */
export function parseRemoteError(text: string): RemoteError | undefined {
  const body = parseBody(text);
  if (body === undefined) return undefined;
  const code = ERROR_CODES.find((known) => known === body.error) ?? "internal";
  return new RemoteError(code, body.message, body.requestId, {
    ...(body.errors !== undefined && { fields: body.errors }),
    ...(body.remedy !== undefined && { remedy: body.remedy }),
    ...(body.log_tail !== undefined && { logTail: body.log_tail }),
  });
}

function parseBody(text: string): ErrorBody | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  const isError =
    typeof body === "object" &&
    body !== null &&
    "error" in body &&
    "message" in body &&
    typeof body.message === "string";
  return isError ? (body as ErrorBody) : undefined;
}
