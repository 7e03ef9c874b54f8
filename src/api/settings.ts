/** How a service runs, in the words of the wire. Ranges are checked where the change is made (service-settings-rules.ts). */

import { z } from "zod";
import { RESTART_POLICIES } from "../domain/deployment.ts";

const port = z.strictObject({
  container_port: z.int(),
  host_port: z.int().nullish().describe("Published there on the server; absent: reached inside its project only"),
  protocol: z.enum(["tcp", "udp"]).default("tcp"),
});

const resources = z.strictObject({
  cpu_shares: z.int().nullish().describe("1024 are one core; null or absent: no limit"),
  memory_mb: z.int().nullish().describe("null: no limit; absent: 512"),
});

const health = z.strictObject({
  path: z.string().max(2048).describe("Answers 2xx or 3xx when the instance is well"),
  interval_ms: z.int().optional(),
  timeout_ms: z.int().optional(),
  start_ms: z.int().optional().describe("How long it may take to come up"),
});

const volume = z.strictObject({
  source: z.string().max(4096).describe("Below the service's own folder; absolute only where the operator allows it"),
  target: z.string().max(4096).describe("Absolute path inside"),
  read_only: z.boolean().default(false),
});

/** Fields of all bodies that set them. What is given replaces what was there as a whole. */
export const settingsShape = {
  image: z.string().max(600).optional(),
  ports: z.array(port).max(100).optional(),
  replicas: z.int().optional(),
  resources: resources.optional(),
  command: z.array(z.string().max(65_536)).max(1000).optional().describe("Empty: the image's own"),
  health: health.nullable().optional().describe("null: its port accepts a connection"),
  volumes: z.array(volume).max(100).optional(),
  restart: z.enum(RESTART_POLICIES).optional().describe("What happens to an instance that ended on its own"),
};

const settings = z.strictObject(settingsShape);
export type SettingsWish = z.output<typeof settings>;
