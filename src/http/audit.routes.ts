/** `GET /api/audit`: who changed what, when, and from where; for admins. */

import { z } from "zod";
import { sliceQuery } from "../api/wire.ts";
import type { AuditFilter, AuditStore } from "../domain/audit.ts";
import { auditSchema, auditView } from "./account-views.ts";
import { type App, addRoute } from "./app.ts";
import { envelope, envelopeOf, pageOf } from "./schemas.ts";

const auditQuery = sliceQuery.extend({
  user_id: z.string().max(64).optional().describe("Only what this user did"),
  search: z.string().max(300).optional().describe("A part of action or target, whatever its case"),
  since: z.iso.datetime({ offset: true }).optional().describe("Nothing older"),
});

export function auditRoutes(app: App, { audit }: { readonly audit: Pick<AuditStore, "list" | "count"> }): void {
  addRoute(app, {
    method: "GET",
    url: "/api/audit",
    permission: "admin",
    schema: {
      tags: ["audit"],
      summary: "The newest 20,000 changes and refused sign-ins, newest first",
      querystring: auditQuery,
      answers: { 200: envelopeOf(auditSchema) },
    },
    handler: async (request) => {
      const query = request.query as z.output<typeof auditQuery>;
      const page = pageOf(query);
      const filter: AuditFilter = {
        ...(query.user_id !== undefined && { userId: query.user_id }),
        ...(query.search !== undefined && { search: query.search }),
        ...(query.since !== undefined && { since: Date.parse(query.since) }),
      };
      const found = await audit.list({ ...filter, ...page });
      return envelope(found.map(auditView), await audit.count(filter), page);
    },
  });
}
