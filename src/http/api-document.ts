/** The API's OpenAPI document, made from what the routes say of themselves. */

import fastifySwagger from "@fastify/swagger";
import type { FastifyInstance } from "fastify";
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Permission } from "./authorize.ts";
import { errorSchema } from "./schemas.ts";

/** An answer that is no JSON. */
export type TextAnswer = { readonly contentType: string; readonly description: string };

/** What a route takes and gives. `params`, `querystring` and `body` are checked before its handler runs. */
export type RouteSchema = {
  readonly tags?: readonly string[];
  readonly summary?: string;
  /** Left out of the document: a page for people. */
  readonly hide?: boolean;
  readonly params?: z.ZodType;
  readonly querystring?: z.ZodType;
  readonly body?: z.ZodType;
  /** Parts of a multipart form; for people to read, the handler checks them. */
  readonly form?: z.ZodType;
  /** What the handler takes as JSON instead of the form. */
  readonly json?: z.ZodType;
  /** By status, when all goes well; null: no body. Every route can answer with an error besides. */
  readonly answers?: Readonly<Record<number, z.ZodType | TextAnswer | null>>;
};

declare module "fastify" {
  interface FastifySchema {
    form?: unknown;
    json?: unknown;
    answers?: RouteSchema["answers"];
  }
}

/** A file in a form. */
export function fileField(description: string): z.ZodType {
  return z.string().meta({ description, contentMediaType: "application/octet-stream" });
}

export async function describeApi(app: FastifyInstance, version: string): Promise<void> {
  const toJsonSchema = createJsonSchemaTransform({});
  const addSchemas = createJsonSchemaTransformObject({});
  await app.register(fastifySwagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Slipway",
        version,
        description: "One machine with Docker becomes your own Lambda and your own Railway.",
        license: { name: "MIT", identifier: "MIT" },
      },
      servers: [{ url: "/" }],
      components: {
        securitySchemes: {
          token: {
            type: "http",
            scheme: "bearer",
            description:
              "An access token of POST /api/auth/login (15 minutes, renewed by POST /api/auth/refresh), an API key, or the passkey. Unknown or expired: 401. There are no cookies.",
          },
          passkey: {
            type: "apiKey",
            in: "header",
            name: "Authorization",
            description: "The server's passkey as it is; it is an admin. No other credential stands without `Bearer`.",
          },
        },
      },
      security: [{ token: [] }, { passkey: [] }],
    },
    transform: (route) => {
      const { form, json, answers, body, ...rest } = (route.schema ?? {}) as RouteSchema;
      const sent = form ?? body;
      const schema = {
        ...rest,
        ...(sent !== undefined && { body: sent }),
        ...(form !== undefined && { consumes: ["multipart/form-data"] }),
        ...(route.route.config?.permission === "public" && { security: [] }),
        ...(isForAdmins(route.route.config?.permission) && { description: "For admins; members get 403." }),
        response: responsesOf(answers ?? {}),
      };
      const toJson = (one: object) => toJsonSchema({ ...route, schema: one } as Parameters<typeof toJsonSchema>[0]);
      const described = toJson(schema);
      if (json === undefined) return described;
      const bodies = { "multipart/form-data": described, "application/json": toJson({ body: json }) };
      const content = Object.entries(bodies).map(([type, { schema: its }]) => [type, { schema: its.body }]);
      return { ...described, schema: { ...described.schema, body: { content: Object.fromEntries(content) } } };
    },
    transformObject: (document) => tidy(addSchemas(document)),
  });
}

function isForAdmins(permission: Permission | undefined): boolean {
  return permission === "admin" || permission === "local_or_admin";
}

type Response = { readonly description: string; readonly content?: unknown };

function responsesOf(answers: NonNullable<RouteSchema["answers"]>): Readonly<Record<string, unknown>> {
  const good = Object.entries(answers).map(([status, answer]) => [status, responseOf(answer)] as const);
  return {
    ...Object.fromEntries(good),
    default: jsonResponse(errorSchema, "What went wrong, and what to do about it"),
  };
}

function responseOf(answer: z.ZodType | TextAnswer | null): unknown {
  if (answer === null) return z.null().describe("Done");
  if (answer instanceof z.ZodType) return jsonResponse(answer, answer.description ?? "The answer");
  const { contentType, description } = answer;
  return { description, content: { [contentType]: { schema: z.string() } } };
}

function jsonResponse(schema: z.ZodType, description: string): Response {
  return { description, content: { "application/json": { schema } } };
}

/** Takes out what says nothing: schemas nobody refers to, the bounds of all integers; a body that may be null may be left out. */
function tidy<T extends object>(document: T): T {
  const tidied = JSON.parse(JSON.stringify(document, (_key, value: unknown) => plainer(value))) as T & Referring;
  const schemas = tidied.components?.schemas ?? {};
  const used = new Set<string>();
  const follow = (part: unknown): void => {
    for (const [, name = ""] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (used.has(name)) continue;
      used.add(name);
      follow(schemas[name]);
    }
  };
  follow(tidied.paths);
  for (const name of Object.keys(schemas)) if (!used.has(name)) delete schemas[name];
  return tidied;
}

type Referring = { readonly paths?: unknown; readonly components?: { readonly schemas?: Record<string, unknown> } };

type Noisy = {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: unknown;
  readonly content?: Readonly<
    Record<string, { readonly schema?: { readonly anyOf?: readonly { readonly type?: string }[] } }>
  >;
};

function plainer(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const { minimum, maximum, ...rest } = value as Noisy;
  const mayBeNull = rest.content?.["application/json"]?.schema?.anyOf?.some(({ type }) => type === "null");
  return {
    ...rest,
    ...(minimum !== undefined && minimum !== Number.MIN_SAFE_INTEGER && { minimum }),
    ...(maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER && { maximum }),
    ...(mayBeNull && rest.required === true && { required: false }),
  };
}
