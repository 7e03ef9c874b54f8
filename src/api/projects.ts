/** Projects on the wire. */

import { z } from "zod";
import type { Endpoint } from "./endpoint.ts";
import { pendingChangeSchema } from "./pending-changes.ts";
import { flagText, listOf, namedSliceQuery, time } from "./wire.ts";

export const projectSchema = z
  .strictObject({
    id: z.string(),
    name: z.string().describe("Need not be unique"),
    slug: z.string().describe("Unique; never changes"),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: "Project" });

const tags = ["projects"] as const;

export const projectEndpoints = {
  "POST /api/projects": {
    tags,
    summary: "Create a project",
    body: z.strictObject({
      name: z.string().describe("1 to 100 characters on one line"),
      slug: z.string().max(300).optional().describe("DNS label of at most 47 characters; absent: made of the name"),
    }),
    answers: { 201: projectSchema },
  },
  "GET /api/projects": {
    tags,
    summary: "All projects, newest first",
    querystring: namedSliceQuery,
    answers: { 200: listOf(projectSchema) },
  },
  "GET /api/projects/:p": { tags, summary: "One project, by id or slug", answers: { 200: projectSchema } },
  "PATCH /api/projects/:p": {
    tags,
    summary: "Stage another name",
    body: z.strictObject({ name: z.string() }),
    answers: { 200: pendingChangeSchema },
  },
  "DELETE /api/projects/:p": {
    tags,
    summary: "Delete a project with all its services, at once; volumes=1 deletes their data too",
    querystring: z.object({ volumes: flagText }),
    answers: { 204: null },
  },
} satisfies Record<string, Endpoint>;
