/** Presets: databases and the like, on the wire (reference 1.5). */

import { z } from "zod";
import { GENERATORS } from "../domain/preset.ts";
import type { Endpoint } from "./endpoint.ts";

const port = z.strictObject({ container_port: z.int(), protocol: z.enum(["tcp", "udp"]) });
const fixed = z.strictObject({ key: z.string(), value: z.string() });
const generated = z.strictObject({
  key: z.string(),
  generate: z
    .enum(GENERATORS)
    .describe(
      "64 hex digits; 32 characters of base64url; 24 letters and digits: made for whoever asks for this preset",
    ),
});

const shape = {
  id: z.string(),
  name: z.string(),
  image: z.string(),
  icon_url: z.string(),
  ports: z.array(port),
};

export const presetSchema = z
  .strictObject({ ...shape, env_vars: z.array(z.union([fixed, generated])) })
  .meta({ id: "Preset" });

export const materializedPresetSchema = z
  .strictObject({ ...shape, env_vars: z.array(fixed) })
  .meta({ id: "MaterializedPreset" });

const tags = ["presets"] as const;

export const presetEndpoints = {
  "GET /api/presets/databases": {
    tags,
    summary: "Databases that are ready to be created, by name",
    answers: { 200: z.array(presetSchema) },
  },
  "GET /api/presets/databases/:id": {
    tags,
    summary: "One of them with secrets made now, other ones each time",
    answers: { 200: materializedPresetSchema },
  },
} satisfies Record<string, Endpoint>;
