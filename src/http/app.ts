/**
 * The API as a Fastify app: request ids, CORS, who may do what, one error shape, OpenAPI. Routes live in
 * `<noun>.routes.ts`; each states its permission, or it does not compile, and an app with one that does not won't start.
 */

import fastifyMultipart from "@fastify/multipart";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type HTTPMethods,
  LogController,
} from "fastify";
import { validatorCompiler } from "fastify-type-provider-zod";
import type { AuditLog } from "../domain/audit.ts";
import { AppError } from "../domain/errors.ts";
import { randomHex } from "../lib/ids.ts";
import { describeApi, type RouteSchema } from "./api-document.ts";
import { addAuditHook } from "./audit-hook.ts";
import { authorize, type Credentials, type Permission } from "./authorize.ts";
import { addCorsHeaders, answerOptions } from "./cors.ts";
import { sendError, toAppError } from "./error-answer.ts";

export type AppOptions = {
  readonly logger: FastifyBaseLogger;
  readonly version: string;
  /** Longest JSON body, in bytes; uploads have their own limit. */
  readonly bodyLimitBytes: number;
  /** Longest uploaded file, in bytes. */
  readonly uploadLimitBytes: number;
  readonly corsOrigin: string;
  readonly credentials: Credentials;
  readonly audit: AuditLog;
};

declare module "fastify" {
  interface FastifyContextConfig {
    permission?: Permission;
  }
}

export type App = FastifyInstance;

export type RouteSpec = {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  readonly permission: Permission;
  readonly schema: RouteSchema;
  /** A GET that changes something answers no HEAD. */
  readonly changesState?: boolean;
  /** Longest JSON body in bytes, where it is another than the app's. */
  readonly bodyLimitBytes?: number;
  readonly handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
};

/** One method of one path, HEAD among them. */
export type Route = {
  readonly method: string;
  readonly url: string;
  readonly permission: Permission;
  readonly answers: RouteSchema["answers"];
};

const ROUTES = new WeakMap<FastifyInstance, Route[]>();

/** All routes in the order they were added. */
export function routesOf(app: App): readonly Route[] {
  return ROUTES.get(app) ?? [];
}

/** Adds one route. */
export function addRoute(app: App, spec: RouteSpec): void {
  const { permission, changesState = false, bodyLimitBytes, ...route } = spec;
  const limit = bodyLimitBytes === undefined ? {} : { bodyLimit: bodyLimitBytes };
  const config = { permission, changesState };
  app.route({ ...route, ...limit, exposeHeadRoute: route.method === "GET" && !changesState, config });
}

/** @throws Error for a route without permission */
export async function createApp(options: AppOptions, addRoutes: (app: App) => void): Promise<App> {
  const app = Fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.bodyLimitBytes,
    genReqId: (request) => usableId(request.headers["x-request-id"]) ?? randomHex(8),
    // A path that is no URL gets no further than this; no hook has seen it.
    frameworkErrors: (error, request, reply) => {
      addCommonHeaders(request, reply, options);
      void sendError(error, request, reply);
    },
    routerOptions: { maxParamLength: 300 },
  });
  app.setValidatorCompiler(validatorCompiler);
  // Views are typed; what leaves is what the view says. Their schemas describe, and tests compare.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  takeEmptyJson(app);
  keepRoutes(app);
  await describeApi(app, options.version);
  await app.register(fastifyMultipart, {
    limits: { fileSize: options.uploadLimitBytes, files: 1, fields: 50, fieldSize: MAX_FIELD_BYTES, parts: 60 },
  });
  addHooks(app, options);
  addRoutes(app);
  return app;
}

/** Longest text field of a form; manifests are the largest. */
const MAX_FIELD_BYTES = 1024 * 1024;

/** Clients that name a type for a body they do not send mean no body. */
function takeEmptyJson(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    if (body === "") done(null, undefined);
    else void parseJson(request, String(body), done);
  });
}

function keepRoutes(app: FastifyInstance): void {
  const routes: Route[] = [];
  ROUTES.set(app, routes);
  app.addHook("onRoute", ({ method, url, config, schema }) => {
    const permission = config?.permission;
    if (permission === undefined) throw new Error(`The route ${String(method)} ${url} has no permission.`);
    for (const one of [method].flat() as HTTPMethods[]) {
      routes.push({ method: one, url, permission, answers: schema?.answers });
    }
  });
}

function addHooks(app: FastifyInstance, options: AppOptions): void {
  app.decorateRequest("actor", undefined);
  app.addHook("onRequest", async (request, reply) => {
    addCommonHeaders(request, reply, options);
    if (request.method === "OPTIONS") return answerOptions(request, reply);
    return await authorize(request, options.credentials);
  });
  addAuditHook(app, options.audit);
  app.setErrorHandler((thrown, request, reply) => {
    request.failure = toAppError(thrown).code;
    return sendError(thrown, request, reply);
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?")[0] ?? "";
    const allowed = methodsOf(routesOf(app), path);
    if (allowed.length === 0) throw new AppError("not_found", `There is no ${request.method} ${path} here.`);
    reply.header("allow", [...allowed, "OPTIONS"].join(", "));
    throw new AppError("method_not_allowed", `${path} can't be asked with ${request.method}.`, {
      remedy: `Use ${allowed.join(" or ")}.`,
    });
  });
}

function addCommonHeaders(request: FastifyRequest, reply: FastifyReply, { corsOrigin, version }: AppOptions): void {
  reply.header("x-request-id", request.id);
  // The command line warns when it is of another version.
  if (request.url.startsWith("/api/")) reply.header("x-slipway-version", version);
  addCorsHeaders(reply, corsOrigin);
}

/** The methods that are there for a path, sorted. */
function methodsOf(routes: readonly Route[], path: string): readonly string[] {
  const names = path.split("/");
  const isMatch = ({ url }: Route): boolean => {
    const parts = url.split("/");
    return parts.length === names.length && parts.every((part, i) => part === names[i] || isParameter(part, names[i]));
  };
  return [...new Set(routes.filter(isMatch).map((route) => route.method))].sort();
}

function isParameter(part: string, name: string | undefined): boolean {
  return part.startsWith(":") && name !== undefined && name !== "";
}

/** An id that can stand in a header and in a log line. */
function usableId(value: string | string[] | undefined): string | undefined {
  const id = Array.isArray(value) ? value[0] : value;
  return id !== undefined && /^[\w.:/+=-]{1,128}$/.test(id) ? id : undefined;
}
