/**
 * Every field of a project's document: its shape, its range and one line about it. The reader and the JSON Schema in
 * docs/project.schema.json are made from it.
 */

import { z } from "zod";
import { RESTART_POLICIES } from "../domain/deployment.ts";
import { HOST, ROUTE_PATH, VOLUME } from "./patterns.ts";
import {
  DAY_MS,
  fileSchema,
  MAX_CPU,
  MAX_MEMORY_MB,
  matching,
  partSchema,
  path,
  serviceName,
  variables,
  whole,
  written,
} from "./schema.ts";

const ONE_LINE_NAME = /^(?=\S)[^\n\r\0]{1,100}(?<=\S)$/;
const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,45}[a-z0-9])?$/;
/** `80`, `8080:80`, `53/udp`. */
export const PORT = /^(?:([0-9]{1,5}):)?([0-9]{1,5})(?:\/(tcp|udp))?$/;
const ROUTE = new RegExp(`${HOST.source}|${ROUTE_PATH.source}`);
const URL_TEXT = /^$|^https?:\/\/[^\s/]+\S*$/i;

const common = {
  group: matching(ONE_LINE_NAME, "is no name of a group").optional().describe("Name of a group of this document"),
  env: variables.optional().describe(`Variables the service keeps; \${{ db.URL }} stands for another service`),
  private: z.boolean().optional().describe("Not reachable from outside. Absent: true for images, false for functions"),
  iconUrl: matching(URL_TEXT, "is no http or https address")
    .optional()
    .describe("Picture on the canvas. Absent: the preset's. Empty: none"),
  routes: z
    .array(matching(ROUTE, "is neither a host nor a path: write it as shop.example.com or /shop"))
    .optional()
    .describe("Where it answers beside its name, `shop.example.com` or `/shop`"),
};

const health = z.strictObject({
  path: path.optional().describe("HTTP path that answers 2xx or 3xx when an instance is well. Absent: an open port"),
  intervalMs: whole(100, DAY_MS).optional().describe("Between two looks"),
  timeoutMs: whole(50, DAY_MS).optional().describe("For one look"),
  startMs: whole(0, DAY_MS).optional().describe("How long it may take to become ready"),
});

const resources = z.strictObject({
  cpu: z.number().min(0.001).max(MAX_CPU).optional().describe("Cores, e.g. 0.5. Absent: no limit"),
  memoryMb: whole(6, MAX_MEMORY_MB).nullable().optional().describe("MiB. Absent: 512. null: no limit"),
});

/** A container image. */
export const imageSchema = z
  .strictObject({
    kind: z.literal("image").optional().describe("Absent: told from the other fields"),
    image: matching(/^\S+$/, "is no image: write it as postgres:16")
      .nullable()
      .optional()
      .describe("Image, e.g. nginx:1.27. Absent: the preset's. null: nothing is deployed"),
    preset: matching(/^[a-z0-9-]{1,40}$/, "is no preset")
      .optional()
      .describe("What it is made from, e.g. postgres"),
    ...common,
    ports: z
      .array(written.refine((text) => PORT.test(text), { error: "is no port: write it as 80, 8080:80 or 53/udp" }))
      .optional()
      .describe("What it listens on, `80`, `8080:80` (host port first) or `53/udp`. Absent: what the image exposes"),
    replicas: whole(1, 50).optional().meta({ description: "How many instances", default: 1 }),
    resources: resources.optional().describe("Limits of one instance"),
    command: z.array(written).optional().describe("Instead of the image's own command"),
    health: health.optional().describe("Absent: an open port"),
    volumes: z
      .array(matching(VOLUME, "is no volume: write it as ./data:/data, with :ro for read-only"))
      .optional()
      .describe("Data that stays, `./data:/data` or `./data:/data:ro`"),
    restart: z
      .enum(RESTART_POLICIES)
      .optional()
      .meta({ description: "Whether an instance that ended is started again", default: "always" }),
  })
  .refine((service) => service.image !== undefined || service.preset !== undefined, {
    error: "has neither an image nor a preset: write `image: nginx:1.27` or `preset: postgres`",
  });

const functionKind = z.literal("function").optional().describe("Absent: told from the other fields");

/** A function, in a file. */
export const functionSchema = z
  .strictObject({
    kind: functionKind,
    source: matching(/^[^\n\r\0]+$/, "is no path")
      .optional()
      .describe("Folder or archive, relative to this file. Absent: what is deployed stays"),
    ...common,
    manifest: fileSchema
      .omit({ name: true })
      .optional()
      .describe("Fields of slipway.yml, laid over the one in the source"),
  })
  .refine((service) => service.manifest === undefined || service.source !== undefined, {
    path: ["manifest"],
    error: "needs a source: how a function is built can't change without it",
  });

/** The same over HTTP. */
export const functionPartSchema = z.strictObject({
  kind: functionKind,
  sourceId: matching(/^[0-9a-f]{64}$/, "is no SHA-256").optional(),
  ...common,
  manifest: partSchema.omit({ name: true }).optional(),
});

const group = z.strictObject({ env: variables.optional().describe("Variables of all services in it") });

const shell = {
  name: matching(ONE_LINE_NAME, "is no name of a project: one line of 1 to 100 characters").describe(
    "What people call the project",
  ),
  slug: matching(SLUG, "is no slug: lower-case letters, digits and -, at most 47")
    .optional()
    .describe("Which project is meant, and part of its addresses. Absent: the only one of that name, else a new one"),
  env: variables.optional().describe("Variables of all services"),
  groups: z
    .record(matching(ONE_LINE_NAME, "is no name of a group"), group.nullable())
    .optional()
    .describe("Groups on the canvas, by name"),
};

/** Everything but the services, which are looked at one by one: each says which kind it is. */
export const shellSchema = z.strictObject({
  ...shell,
  services: z.record(serviceName, z.record(z.string(), z.unknown())).optional(),
});

/** The whole, for the JSON Schema. */
export const documentSchema = z.strictObject({
  ...shell,
  services: z
    .record(serviceName, z.union([imageSchema, functionSchema]))
    .optional()
    .describe("Services, by name"),
});
