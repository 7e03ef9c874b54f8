/** Environment variables that a project, a canvas group or a service keeps, on the wire. */

import { z } from "zod";
import { ENV_SCOPES } from "../domain/env-var.ts";
import type { Endpoint } from "./endpoint.ts";
import { pendingChangeSchema } from "./pending-changes.ts";
import { allOf, time } from "./wire.ts";

export const envVarSchema = z
  .strictObject({
    id: z.string(),
    scope: z.enum(ENV_SCOPES),
    scope_id: z.string().describe("Id of the project, of the group's canvas node, or of the service"),
    key: z.string(),
    value: z.string().describe("As it was set: references are resolved when a service is deployed"),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: "EnvVar" });

const tags = ["variables"] as const;

const list = (of: string) =>
  ({ tags, summary: `Variables of a ${of}, by key`, answers: { 200: allOf(envVarSchema) } }) as const;
const create = (of: string) =>
  ({
    tags,
    summary: `Stage a variable of a ${of}`,
    body: z.strictObject({ key: z.string(), value: z.string() }),
    answers: { 201: pendingChangeSchema },
  }) as const;
const update = (of: string) =>
  ({
    tags,
    summary: `Stage another value of a ${of}'s variable`,
    body: z.strictObject({ value: z.string().optional().describe("Required") }).nullish(),
    answers: { 200: pendingChangeSchema },
  }) as const;
const remove = (of: string) =>
  ({ tags, summary: `Stage that a ${of}'s variable goes`, answers: { 200: pendingChangeSchema } }) as const;

export const envVarEndpoints = {
  "GET /api/projects/:p/env-vars": list("project"),
  "POST /api/projects/:p/env-vars": create("project"),
  "PATCH /api/projects/:p/env-vars/:id": update("project"),
  "DELETE /api/projects/:p/env-vars/:id": remove("project"),
  "GET /api/projects/:p/groups/:g/env-vars": list("group"),
  "POST /api/projects/:p/groups/:g/env-vars": create("group"),
  "PATCH /api/projects/:p/groups/:g/env-vars/:id": update("group"),
  "DELETE /api/projects/:p/groups/:g/env-vars/:id": remove("group"),
  "GET /api/projects/:p/services/:s/env-vars": list("service"),
  "POST /api/projects/:p/services/:s/env-vars": create("service"),
  "PATCH /api/projects/:p/services/:s/env-vars/:id": update("service"),
  "DELETE /api/projects/:p/services/:s/env-vars/:id": remove("service"),
  "POST /api/projects/:p/pending-services/:tempId/env-vars": create("service that is only staged"),
} satisfies Record<string, Endpoint>;
