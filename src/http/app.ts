/**
 * The API as a Fastify app: request ids, CORS, who may do what, one error shape, OpenAPI. Routes live in
 * `<noun>.routes.ts`; each states its permission, or it does not compile.
 */

import fastifyMultipart from "@fastify/multipart";
import fastifySwagger from "@fastify/swagger";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifySchema,
  type HTTPMethods,
  LogController,
} from "fastify";
import {
  createJsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from "fastify-type-provider-zod";
import { AppError } from "../domain/errors.ts";
import { randomHex } from "../lib/ids.ts";
import { errorBody, STATUS, toAppError } from "./error-answer.ts";

/** `public`: anybody. `admin`: the passkey. `local_or_admin`: also loopback without a forwarding header. */
export type Permission = "public" | "admin" | "local_or_admin";

export type AppOptions = {
  readonly logger: FastifyBaseLogger;
  readonly version: string;
  /** Longest JSON body, in bytes; uploads have their own limit. */
  readonly bodyLimitBytes: number;
  /** Longest uploaded file, in bytes. */
  readonly uploadLimitBytes: number;
  readonly corsOrigin: string;
  /** Is this credential the passkey? */
  readonly admits: (credential: string) => Promise<boolean>;
};

declare module "fastify" {
  interface FastifyContextConfig {
    permission?: Permission;
  }
}

export type App = FastifyInstance;

export type RouteSpec = {
  readonly method: HTTPMethods | HTTPMethods[];
  readonly url: string;
  readonly permission: Permission;
  readonly schema?: FastifySchema;
  readonly handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
};

/** Adds one route. There is no other way in: every route has a permission. */
export function addRoute(app: App, spec: RouteSpec): void {
  const { permission, ...route } = spec;
  app.route({ ...route, schema: route.schema ?? {}, config: { permission } });
}

export async function createApp(options: AppOptions, addRoutes: (app: App) => void): Promise<App> {
  const app = Fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.bodyLimitBytes,
    genReqId: (request) => headerOf(request.headers["x-request-id"]) ?? randomHex(8),
    routerOptions: { maxParamLength: 300 },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  await app.register(fastifySwagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Slipway",
        version: options.version,
        description: "One machine with Docker becomes your own Lambda and your own Railway.",
      },
      components: {
        securitySchemes: {
          token: { type: "http", scheme: "bearer" },
          passkey: { type: "apiKey", in: "header", name: "Authorization" },
        },
      },
      security: [{ token: [] }, { passkey: [] }],
    },
    transform: createJsonSchemaTransform({}),
  });
  await app.register(fastifyMultipart, {
    limits: { fileSize: options.uploadLimitBytes, files: 1, fields: 50, fieldSize: 1024 * 1024, parts: 60 },
  });
  addHooks(app, options);
  addRoutes(app);
  return app as unknown as App;
}

function addHooks(app: FastifyInstance, options: AppOptions): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
    reply.header("access-control-allow-origin", options.corsOrigin);
    if (request.method === "OPTIONS") return answerOptions(request, reply);
    await authorize(request, options);
  });
  app.setErrorHandler((thrown, request, reply) => {
    const error = toAppError(thrown);
    const status = STATUS[error.code];
    if (status >= 500) request.log.error({ err: thrown, method: request.method, url: request.url }, error.message);
    if (error.retryAfterSeconds !== undefined) reply.header("retry-after", String(error.retryAfterSeconds));
    return reply
      .status(status)
      .type("application/json; charset=utf-8")
      .serializer(JSON.stringify)
      .send(errorBody(error, request.id));
  });
  app.setNotFoundHandler((request) => {
    throw new AppError("not_found", `There is no ${request.method} ${request.url.split("?")[0]} here.`);
  });
}

async function answerOptions(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  reply.header("access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS");
  reply.header("access-control-allow-headers", "Authorization, Content-Type");
  reply.header("access-control-max-age", "86400");
  const isPreflight =
    request.headers.origin !== undefined && request.headers["access-control-request-method"] !== undefined;
  return isPreflight ? reply.status(204).send() : reply.status(200).type("application/json").send("{}");
}

/** @throws AppError `unauthorized` */
async function authorize(request: FastifyRequest, options: AppOptions): Promise<void> {
  const permission = request.routeOptions.config?.permission ?? "admin";
  if (permission === "public" || request.is404) return;
  if (permission === "local_or_admin" && isLocal(request)) return;
  const header = headerOf(request.headers.authorization);
  if (header === undefined || header === "") throw new AppError("unauthorized", "Authentication required.", REMEDY);
  const credential = header.replace(/^Bearer +/i, "");
  const isAdmitted = (await options.admits(header)) || (await options.admits(credential));
  if (!isAdmitted) throw new AppError("unauthorized", "Invalid or expired token.", REMEDY);
}

const REMEDY = {
  remedy:
    "Send the passkey as `Authorization: <passkey>` or `Authorization: Bearer <passkey>`; it stands in the passfile on the server.",
};

/** The gateway names the peer; a request without that came over the server's own socket. */
function isLocal(request: FastifyRequest): boolean {
  if (request.headers["x-slipway-forwarded"] !== undefined) return false;
  const peer = headerOf(request.headers["x-slipway-peer"]);
  return peer === undefined || peer === "::1" || peer.startsWith("127.") || peer.startsWith("::ffff:127.");
}

function headerOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
