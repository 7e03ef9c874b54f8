/** Errors as HTTP answers: one table from code to status, one body shape (design 8). */

import type { FastifyReply, FastifyRequest } from "fastify";
import { AppError, type ErrorCode } from "../domain/errors.ts";

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

/** What a zod schema has against a value, as its Fastify binding tells it. */
type Issue = {
  readonly keyword?: string;
  readonly instancePath?: string;
  readonly message?: string;
  readonly params?: { readonly expected?: string; readonly origin?: string; readonly keys?: readonly string[] };
};

const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: "invalid",
  404: "not_found",
  405: "method_not_allowed",
  413: "too_large",
  415: "unsupported_media_type",
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
  return new AppError(BY_STATUS[statusCode] ?? "invalid", message ?? "Bad request.", { cause: error });
}

function validationError(issues: readonly Issue[], context: string | undefined): AppError {
  const noInteger = context === "querystring" ? issues.find(isNoInteger) : undefined;
  if (noInteger !== undefined) {
    const field = fieldOf(noInteger);
    const message = `Query param "${field}" must be an integer.`;
    return new AppError("invalid", message, { fields: { [field]: ["must be an integer"] } });
  }
  // A map: a field may be called `constructor`.
  const fields = new Map<string, readonly string[]>();
  const add = (field: string, message: string): void => {
    fields.set(field, [...(fields.get(field) ?? []), message]);
  };
  for (const issue of issues) {
    const field = fieldOf(issue);
    if (issue.keyword === "unrecognized_keys")
      for (const key of issue.params?.keys ?? []) add(field === "" ? key : `${field}.${key}`, "is not known");
    else add(field || "body", issue.message ?? "is not valid");
  }
  return new AppError("unprocessable", "Validation failed.", { fields: Object.fromEntries(fields) });
}

function isNoInteger({ keyword, params }: Issue): boolean {
  if (keyword === "too_big" || keyword === "too_small") return params?.origin === "int";
  return keyword === "invalid_type" && (params?.expected === "number" || params?.expected === "int");
}

/** `/ports/0/host_port` as `ports[0].host_port`. */
function fieldOf({ instancePath = "" }: Issue): string {
  const [first = "", ...rest] = instancePath.replace(/^\//, "").split("/");
  return rest.reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : `${path}.${part}`), first);
}
