/** Errors as HTTP answers: one table from code to status, one body shape (design 8). */

import type { FastifyReply, FastifyRequest } from "fastify";
import { AppError, type ErrorCode } from "../domain/errors.ts";
import { type Issue, validationError } from "./validation-error.ts";

export const STATUS: Readonly<Record<ErrorCode, number>> = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  too_large: 413,
  unsupported_media_type: 415,
  unprocessable: 422,
  build_failed: 422,
  deploy_failed: 422,
  cancelled: 409,
  too_many_requests: 429,
  not_ready: 409,
  bad_gateway: 502,
  unavailable: 503,
  timeout: 504,
  disk_full: 503,
  internal: 500,
};

export type ErrorBody = {
  readonly error: ErrorCode;
  readonly message: string;
  readonly requestId: string;
  readonly errors?: Readonly<Record<string, readonly string[]>>;
  readonly remedy?: string;
  readonly log_tail?: string;
};

/** The body a person or program gets; what is internal stays internal. */
export function errorBody(error: AppError, requestId: string): ErrorBody {
  return {
    error: wordOf(error),
    message: error.message,
    requestId,
    ...(error.fields && { errors: error.fields }),
    ...(error.remedy !== undefined && { remedy: error.remedy }),
    ...(error.logTail !== undefined && { log_tail: error.logTail }),
  };
}

/** Answers with what was thrown; what is nobody's fault but ours is logged whole. */
export function sendError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = toAppError(thrown);
  const status = STATUS[error.code];
  if (status >= 500) request.log.error({ err: thrown, method: request.method, url: request.url }, error.message);
  if (error.retryAfterSeconds !== undefined) reply.header("retry-after", String(error.retryAfterSeconds));
  return reply
    .status(status)
    .type("application/json; charset=utf-8")
    .serializer(JSON.stringify)
    .send(errorBody(error, request.id));
}

/** What is wrong with single fields of a request is `invalid` in the answer's words, with status 422 (DeployKit). */
function wordOf({ code, fields }: AppError): ErrorCode {
  return code === "unprocessable" && fields !== undefined ? "invalid" : code;
}

type FastifyLikeError = {
  readonly code?: string;
  readonly statusCode?: number;
  readonly message?: string;
  readonly validation?: readonly Issue[];
  /** Which part of the request it is about. */
  readonly validationContext?: string;
};

const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: "invalid",
  404: "not_found",
  405: "method_not_allowed",
  413: "too_large",
  415: "unsupported_media_type",
};

/** What to do about some of Fastify's own errors, by their code. */
const REMEDIES: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "Send JSON, with the header `Content-Type: application/json`.",
  FST_ERR_CTP_BODY_TOO_LARGE: "Send less at once.",
};

/** Any thrown thing as an AppError; what nobody expected becomes `internal` with the original as its cause. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const known = error as FastifyLikeError;
  if (Array.isArray(known.validation)) return validationError(known.validation, known.validationContext);
  if ((known as NodeJS.ErrnoException).code === "ENOSPC") {
    return new AppError("disk_full", "The disk is full.", {
      cause: error,
      remedy: "Free some space on the server, then try again.",
    });
  }
  const { statusCode = 500, message } = known;
  if (statusCode < 400 || statusCode >= 500) return new AppError("internal", "Internal error.", { cause: error });
  if (known.code === "FST_ERR_CTP_INVALID_JSON_BODY" || error instanceof SyntaxError)
    return new AppError("invalid", "Invalid JSON body.", { cause: error });
  const remedy = REMEDIES[known.code ?? ""];
  return new AppError(BY_STATUS[statusCode] ?? "invalid", message ?? "Bad request.", {
    cause: error,
    ...(remedy !== undefined && { remedy }),
  });
}
