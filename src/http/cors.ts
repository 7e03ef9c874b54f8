/**
 * CORS: browsers of any origin (or of the one the operator names) may call the API with a token; there are no cookies.
 * `Authorization` is named, because `*` does not cover it (fetch specification).
 */

import type { FastifyReply, FastifyRequest } from "fastify";

/** For every answer. */
export function addCorsHeaders(reply: FastifyReply, origin: string): void {
  reply.header("access-control-allow-origin", origin);
  reply.header("access-control-expose-headers", "X-Request-Id, Retry-After, Allow");
  if (origin !== "*") reply.header("vary", "Origin");
}

/** Answers OPTIONS, a browser's preflight or not, whoever asks. */
export function answerOptions(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.header("access-control-allow-methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  reply.header("access-control-allow-headers", "Authorization, Content-Type");
  reply.header("access-control-max-age", "86400");
  const { origin, "access-control-request-method": asked } = request.headers;
  const isPreflight = origin !== undefined && asked !== undefined;
  return isPreflight ? reply.status(204).send() : reply.status(200).type("application/json").send("{}");
}
