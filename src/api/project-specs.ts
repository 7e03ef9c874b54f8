/** Whole projects as documents, on the wire. */

import { z } from "zod";
import type { Endpoint } from "./endpoint.ts";
import { applyResultSchema } from "./pending-changes.ts";
import { projectSchema } from "./projects.ts";
import { allOf } from "./wire.ts";

export const plannedChangeSchema = z
  .strictObject({
    action: z.enum(["create", "update", "delete"]),
    what: z.enum(["project", "group", "service", "variable", "route"]),
    name: z.string(),
    fields: z.array(z.string()).describe("What changes of it, without values"),
    redeploys: z.boolean().describe("Its service gets a new deployment"),
  })
  .meta({ id: "PlannedChange" });

export const specAnswerSchema = z
  .strictObject({
    plan: z.string().describe("Equal for equal changes"),
    project: projectSchema.nullable().describe("null: it is made when this is applied"),
    changes: z.array(plannedChangeSchema),
    uploads: z.array(z.string()).describe("Functions whose source has to be uploaded then: POST /api/functions"),
    result: applyResultSchema.nullable().describe("null: it was a dry run"),
  })
  .meta({ id: "SpecAnswer" });

const document = z
  .looseObject({ name: z.string() })
  .describe("As docs/project.schema.json says, with `sourceId` (SHA-256) in place of `source`");

const tags = ["projects"] as const;

export const projectSpecEndpoints = {
  "GET /api/projects/:p/spec": {
    tags,
    summary: "The whole project as a document, values of variables included",
    answers: { 200: z.strictObject({ document }) },
  },
  "POST /api/projects/apply": {
    tags,
    summary: "Make a project what a document says, in one transaction; sources are uploaded afterwards",
    body: z.strictObject({
      document,
      prune: z.boolean().default(false).describe("Delete what the document does not name; data stays"),
      dry_run: z.boolean().default(false).describe("Say what would change, and do nothing"),
      plan: z.string().max(64).optional().describe("Do it only if what changes is this plan"),
    }),
    answers: { 200: specAnswerSchema },
  },
  "GET /api/projects/:p/groups": {
    tags,
    summary: "Groups on the canvas of a project, each name once",
    answers: { 200: allOf(z.strictObject({ id: z.string(), name: z.string() })) },
  },
} satisfies Record<string, Endpoint>;
