/** Adds routes of the contract: what a handler gets and what it must answer have the contract's types. */

import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { type Call, CONTRACT, type Contract } from "../api/contract.ts";
import type { AnswerOf, BodyOutput, Endpoint, PathParams, QueryOutput } from "../api/endpoint.ts";
import { AppError, isAppError } from "../domain/errors.ts";
import { type App, addRoute, type RouteSpec } from "./app.ts";
import type { Permission } from "./authorize.ts";

type PathOf<C extends Call> = C extends `${string} ${infer Path}` ? Path : never;

/** A request that is checked. */
export type Asked<C extends Call> = {
  readonly params: { readonly [K in PathParams<PathOf<C>>]: string };
  readonly query: QueryOutput<Contract[C]>;
  readonly body: BodyOutput<Contract[C]>;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
};

/**
 * Adds one route of the contract. An `invalid` about single fields that the domain finds is answered like one that the
 * schema finds: 422.
 */
export function serve<C extends Call>(
  app: App,
  call: C,
  permission: Permission,
  handle: (asked: Asked<C>) => Promise<AnswerOf<Contract[C]>>,
): void {
  const [method, url = ""] = call.split(" ");
  const { answers, ...schema }: Endpoint = CONTRACT[call];
  const status = Number(Object.keys(answers)[0]);
  const params = paramsOf(url);
  addRoute(app, {
    method: method as RouteSpec["method"],
    url,
    permission,
    schema: { ...schema, ...(params && { params }), answers },
    handler: async (request, reply) => {
      const { params: named, query, body } = request;
      const asked = { params: named, query, body, request, reply } as Asked<C>;
      const answer = await handle(asked).catch((error: unknown) => {
        throw asValidation(error);
      });
      return reply.status(status).send(answer);
    },
  });
}

/** The schema of a path's parameters; undefined: it has none. */
function paramsOf(url: string): z.ZodType | undefined {
  const names = [...url.matchAll(/:(\w+)/g)].map(([, name = ""]) => name);
  return names.length === 0
    ? undefined
    : z.object(Object.fromEntries(names.map((name) => [name, z.string().max(300)])));
}

function asValidation(error: unknown): unknown {
  if (!isAppError(error, "invalid") || error.fields === undefined) return error;
  const { fields, remedy, cause } = error;
  return new AppError("unprocessable", error.message, { fields, cause, ...(remedy !== undefined && { remedy }) });
}
