/** `/api/system/release`, `/upgrade` and `/settings`: what is new, and getting it. */

import { z } from "zod";
import { UPGRADE_STATES, type UpgradeStatus, type Upgrades } from "../domain/system.ts";
import { type App, addRoute } from "./app.ts";
import { flag } from "./schemas.ts";
import { releaseSchema, releaseView, timeOf } from "./system-about.routes.ts";

const tags = ["system"];
const time = z.iso.datetime().nullable();

const upgradeSchema = z
  .strictObject({
    state: z.enum(UPGRADE_STATES),
    target_version: z.string().nullable(),
    started_at: time,
    finished_at: time,
    error: z.string().nullable(),
    log_tail: z.string().nullable().describe("At most 4096 bytes, the end kept"),
  })
  .meta({ id: "UpgradeStatus" });

const settingsSchema = z
  .strictObject({ auto_update: z.boolean().describe("Upgrade by itself when a new version is there") })
  .meta({ id: "SystemSettings" });

const refreshQuery = z.object({ refresh: flag.describe("`1` asks anew instead of answering what is known") });
const upgradeBody = z.strictObject({ version: z.string().max(100).describe("1.2.3 or v1.2.3") });
const settingsBody = z.strictObject({ auto_update: z.boolean().optional() });

export function systemUpgradeRoutes(app: App, { upgrades }: { readonly upgrades: Upgrades }): void {
  addRoute(app, {
    method: "GET",
    url: "/api/system/release",
    permission: "admin",
    schema: {
      tags,
      summary: "The newest version that is known; null: none yet",
      querystring: refreshQuery,
      answers: { 200: releaseSchema.nullable() },
    },
    handler: async (request, reply) => {
      const { refresh } = request.query as z.output<typeof refreshQuery>;
      const release = refresh ? await upgrades.refreshLatestRelease() : await upgrades.latestRelease();
      // A bare null would be sent as no body at all.
      return reply.type("application/json; charset=utf-8").send(JSON.stringify(release && releaseView(release)));
    },
  });
  addRoute(app, {
    method: "GET",
    url: "/api/system/upgrade",
    permission: "admin",
    schema: { tags, summary: "How the upgrade under way, or the last one, goes", answers: { 200: upgradeSchema } },
    handler: async () => upgradeView(await upgrades.status()),
  });
  addRoute(app, {
    method: "POST",
    url: "/api/system/upgrade",
    permission: "admin",
    schema: {
      tags,
      summary: "Ask the upgrade unit for a newer version",
      body: upgradeBody,
      answers: { 202: upgradeSchema },
    },
    handler: async (request, reply) => {
      const { version } = request.body as z.output<typeof upgradeBody>;
      return reply.status(202).send(upgradeView(await upgrades.request(version)));
    },
  });
  addSettings(app, upgrades);
}

function addSettings(app: App, upgrades: Upgrades): void {
  addRoute(app, {
    method: "GET",
    url: "/api/system/settings",
    permission: "admin",
    schema: { tags, summary: "Settings of the server", answers: { 200: settingsSchema } },
    handler: async () => ({ auto_update: (await upgrades.settings()).autoUpdate }),
  });
  addRoute(app, {
    method: "PATCH",
    url: "/api/system/settings",
    permission: "admin",
    schema: { tags, summary: "Change settings of the server", body: settingsBody, answers: { 200: settingsSchema } },
    handler: async (request) => {
      const { auto_update } = request.body as z.output<typeof settingsBody>;
      const settings = await upgrades.updateSettings(auto_update === undefined ? {} : { autoUpdate: auto_update });
      return { auto_update: settings.autoUpdate };
    },
  });
}

function upgradeView(status: UpgradeStatus): z.output<typeof upgradeSchema> {
  return {
    state: status.state,
    target_version: status.targetVersion,
    started_at: status.startedAt === null ? null : timeOf(status.startedAt),
    finished_at: status.finishedAt === null ? null : timeOf(status.finishedAt),
    error: status.error,
    log_tail: status.logTail,
  };
}
