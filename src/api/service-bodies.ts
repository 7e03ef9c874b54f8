/** Services as they are described: the same to create one at once and to stage it. */

import { z } from "zod";
import { settingsShape } from "./settings.ts";

const variable = z.strictObject({ key: z.string(), value: z.string() });

const shared = {
  icon_url: z.string().nullable().optional().describe("http or https; empty: none"),
  private: z.boolean().optional().describe("Not reachable through the gateway"),
  ...settingsShape,
};

export const serviceCreateShape = {
  name: z.string().max(300).describe("Lower-case DNS label, unique in the project"),
  kind: z.enum(["function", "image"]).default("image").describe("A function is deployed with POST /api/functions"),
  ...shared,
  private: shared.private.describe(
    "Not reachable through the gateway; absent: so it is of an image, not of a function",
  ),
  preset: z
    .string()
    .max(300)
    .optional()
    .describe("Gives image, ports, volumes, command and variables with fresh secrets; what is given here wins"),
  env_vars: z
    .union([z.array(variable).max(1000), z.record(z.string(), z.string())])
    .optional()
    .describe("Variables the service keeps: a list of key and value, or an object"),
};

export const serviceUpdateShape = { name: z.string().max(300).optional(), ...shared };

const create = z.strictObject(serviceCreateShape);
const update = z.strictObject(serviceUpdateShape);
export type ServiceCreateWish = z.output<typeof create>;
export type ServiceUpdateWish = z.output<typeof update>;
