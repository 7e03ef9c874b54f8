/** Staged changes on the wire: the log, what can be put into it, and what applying it did. */

import { z } from "zod";
import { ENV_SCOPES } from "../domain/env-var.ts";
import { deploymentSchema } from "./deployments.ts";
import type { Endpoint } from "./endpoint.ts";
import { serviceCreateShape, serviceUpdateShape } from "./service-bodies.ts";
import { idText, time } from "./wire.ts";

const OPS = [
  "project.update",
  "service.create",
  "service.update",
  "service.delete",
  "env_var.create",
  "env_var.update",
  "env_var.delete",
] as const;

export const pendingChangeSchema = z
  .strictObject({
    id: z.string(),
    project_id: z.string(),
    seq: z.int().describe("1, 2, 3, …: entries take effect in this order"),
    op: z.enum(OPS),
    target_type: z.enum(["project", "service", "env_var"]),
    target_id: z.string().nullable(),
    target_temp_id: z.string().nullable().describe("Stands for a service until it is created"),
    parent_temp_id: z.string().nullable().describe("The staged service a variable is for"),
    payload: z.record(z.string(), z.unknown()).describe("What changes; of a variable also its scope and old value"),
    user_id: z.string().nullable(),
    created_at: time,
  })
  .meta({ id: "PendingChange" });

export const applyResultSchema = z
  .strictObject({
    applied_count: z.int(),
    temp_id_to_service_id: z.record(z.string(), z.string()),
    redeployed_service_ids: z.array(z.string()),
    created_deployments: z.array(deploymentSchema),
  })
  .meta({ id: "ApplyResult" });

export const stagedSchema = z
  .strictObject({
    data: z.array(pendingChangeSchema),
    deploys: z.array(z.string()).describe("Names of the services that applying all this now would deploy"),
    problem: z.string().nullable().describe("Why it can't be applied as it stands; null: it can"),
  })
  .meta({ id: "StagedChanges" });

const nothing = z.strictObject({}).optional();

/** What can be staged. */
export const stageBody = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("project.update"), payload: z.strictObject({ name: z.string() }) }),
  z.strictObject({
    op: z.literal("service.create"),
    target_temp_id: z.string().min(1).max(64).optional().describe("Absent: one is made"),
    payload: z.strictObject(serviceCreateShape),
  }),
  z.strictObject({
    op: z.literal("service.update"),
    target_id: idText,
    payload: z.strictObject(serviceUpdateShape),
  }),
  z.strictObject({ op: z.literal("service.delete"), target_id: idText, payload: nothing }),
  z.strictObject({
    op: z.literal("env_var.create"),
    target_id: idText.optional().describe("Id of what its scope names; absent: the project"),
    parent_temp_id: idText.optional().describe("The staged service it is for"),
    payload: z.strictObject({ scope: z.enum(ENV_SCOPES), key: z.string(), value: z.string() }),
  }),
  z.strictObject({
    op: z.literal("env_var.update"),
    target_id: idText,
    payload: z.strictObject({ value: z.string() }),
  }),
  z.strictObject({ op: z.literal("env_var.delete"), target_id: idText, payload: nothing }),
]);
export type StageWish = z.output<typeof stageBody>;

const tags = ["changes"] as const;

export const pendingChangeEndpoints = {
  "GET /api/projects/:p/pending-changes": {
    tags,
    summary: "What is staged, in the order it takes effect",
    answers: { 200: stagedSchema },
  },
  "POST /api/projects/:p/pending-changes": {
    tags,
    summary: "Stage any change",
    body: stageBody,
    answers: { 201: pendingChangeSchema },
  },
  "DELETE /api/projects/:p/pending-changes": {
    tags,
    summary: "Discard all that is staged",
    answers: { 204: null },
  },
  "DELETE /api/projects/:p/pending-changes/:changeId": {
    tags,
    summary: "Discard one staged change",
    answers: { 204: null },
  },
  "POST /api/projects/:p/deploy": {
    tags,
    summary: "Apply all that is staged, or nothing of it",
    answers: { 200: applyResultSchema },
  },
} satisfies Record<string, Endpoint>;
