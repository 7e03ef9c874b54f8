/** Health, readiness, metrics, what this server is, and its pages. */

import { z } from "zod";
import type { EngineDriver } from "../domain/driver.ts";
import { AppError } from "../domain/errors.ts";
import type { SetupToken } from "../domain/setup-token.ts";
import type { Stores } from "../domain/stores.ts";
import { type App, addRoute } from "./app.ts";
import { claimPage, docsPage, frontPage } from "./pages.ts";

const readinessSchema = z.strictObject({
  status: z.enum(["ready", "not_ready"]),
  checks: z.strictObject({ store: z.boolean(), engine: z.boolean(), gateway: z.boolean() }),
  handed_over: z.boolean().describe("All gateway workers are of this version; false for a moment of each upgrade"),
});

const infoSchema = z.strictObject({
  version: z.string(),
  server_id: z.string(),
  started_at: z.iso.datetime(),
  address: z.string(),
  base_domain: z.string().nullable(),
  driver: z.string(),
  engine: z.strictObject({
    reachable: z.boolean(),
    version: z.string().nullable(),
    api_version: z.string().nullable(),
    error: z.string().nullable(),
  }),
  counts: z.strictObject({ functions: z.int(), instances: z.int() }),
  upload_limit_bytes: z.int().describe("Longest archive that is taken"),
  unpacked_limit_bytes: z.int().describe("Most that an archive may unpack to"),
});

export type SystemRoutesOptions = {
  readonly version: string;
  readonly serverId: string;
  readonly startedAt: number;
  readonly address: () => string;
  readonly baseDomain: string | null;
  readonly driver: string;
  readonly stores: Stores;
  readonly engine: Pick<EngineDriver, "info">;
  readonly uploadLimitBytes: number;
  readonly unpackedLimitBytes: number;
  /** Are there workers that route by the present table? */
  readonly isGatewayReady: () => boolean;
  /** Do as many workers of this version listen as there shall be? */
  readonly isHandedOver: () => boolean;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  readonly reload: () => Promise<void>;
  readonly setupToken: SetupToken;
  /** The admin credential a claim hands out. */
  readonly adminToken: () => Promise<string>;
};

export function systemRoutes(app: App, options: SystemRoutesOptions): void {
  const tags = ["system"];
  addRoute(app, {
    method: "GET",
    url: "/healthz",
    permission: "public",
    schema: { tags, summary: "The process lives", answers: { 200: z.strictObject({ status: z.literal("ok") }) } },
    handler: async () => ({ status: "ok" }),
  });
  addRoute(app, {
    method: "GET",
    url: "/api/health",
    permission: "public",
    schema: { tags, summary: "The process lives", answers: { 200: z.strictObject({ status: z.literal("ok") }) } },
    handler: async () => ({ status: "ok" }),
  });
  addRoute(app, {
    method: "GET",
    url: "/readyz",
    permission: "public",
    schema: {
      tags,
      summary: "Store, engine and gateway work (else 503)",
      answers: { 200: readinessSchema, 503: readinessSchema },
    },
    handler: async (_request, reply) => {
      const checks = await readiness(options);
      const isReady = Object.values(checks).every((ok) => ok);
      return reply
        .status(isReady ? 200 : 503)
        .send({ status: isReady ? "ready" : "not_ready", checks, handed_over: options.isHandedOver() });
    },
  });
  addRoute(app, {
    method: "GET",
    url: "/metrics",
    permission: "local_or_admin",
    schema: {
      tags,
      summary: "Prometheus metrics",
      answers: { 200: { contentType: "text/plain", description: "Prometheus' text format" } },
    },
    handler: async (_request, reply) => {
      const { contentType, text } = await options.metrics();
      return reply.type(contentType).send(text);
    },
  });
  addRoute(app, {
    method: "GET",
    url: "/api/system/info",
    permission: "member",
    schema: { tags, summary: "What this server is", answers: { 200: infoSchema } },
    handler: () => info(options),
  });
  addRoute(app, {
    method: "POST",
    url: "/api/system/reload",
    permission: "admin",
    schema: {
      tags,
      summary: "Hand over to new code without losing a request",
      answers: { 202: z.strictObject({}) },
    },
    handler: async (_request, reply) => {
      await options.reload();
      return reply.status(202).send({});
    },
  });
  addClaim(app, options);
  addPages(app, options.version);
}

function addClaim(app: App, { setupToken, adminToken }: SystemRoutesOptions): void {
  addRoute(app, {
    method: "POST",
    url: "/api/setup/claim",
    permission: "public",
    schema: {
      tags: ["system"],
      summary: "Exchange the one-time setup token for an admin credential",
      body: z.strictObject({ token: z.string().max(200) }),
      answers: { 200: z.strictObject({ token: z.string().describe("Send it as `Authorization: Bearer …`") }) },
    },
    handler: async (request) => {
      const { token } = request.body as { token: string };
      // Before the token is used up: a server that can't read its passfile must stay claimable.
      const credential = await adminToken();
      if (await setupToken.redeem(token)) return { token: credential };
      throw new AppError("unauthorized", "That setup token is wrong or was used already.", {
        remedy: "On the server's own machine, `slipway claim` works without one.",
      });
    },
  });
}

function addPages(app: App, version: string): void {
  const html = (url: string, text: () => string): void =>
    addRoute(app, {
      method: "GET",
      url,
      permission: "public",
      schema: { hide: true },
      handler: async (_request, reply) =>
        reply.type("text/html; charset=utf-8").header("referrer-policy", "no-referrer").send(text()),
    });
  html("/", () => frontPage(version));
  html("/setup", claimPage);
  html("/api/docs", docsPage);
  addRoute(app, {
    method: "GET",
    url: "/api/openapi.json",
    permission: "public",
    schema: { hide: true },
    handler: async () => (app as unknown as { swagger(): unknown }).swagger(),
  });
}

async function readiness(options: SystemRoutesOptions) {
  const store = await options.stores.settings.find("server_id").then(
    () => true,
    () => false,
  );
  return { store, engine: (await options.engine.info()).reachable, gateway: options.isGatewayReady() };
}

async function info(options: SystemRoutesOptions) {
  const engine = await options.engine.info();
  return {
    version: options.version,
    server_id: options.serverId,
    started_at: new Date(options.startedAt).toISOString(),
    address: options.address(),
    base_domain: options.baseDomain,
    driver: options.driver,
    engine: {
      reachable: engine.reachable,
      version: engine.version,
      api_version: engine.apiVersion,
      error: engine.error,
    },
    counts: {
      functions: (await options.stores.services.list({ kind: "function" })).length,
      instances: (await options.stores.instances.list()).length,
    },
    upload_limit_bytes: options.uploadLimitBytes,
    unpacked_limit_bytes: options.unpackedLimitBytes,
  };
}
