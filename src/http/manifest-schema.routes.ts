/** `GET /api/manifest.schema.json`: what editors check a slipway.yml against. */

import type { ManifestReader } from "../domain/manifest.ts";
import { type App, addRoute } from "./app.ts";

export function manifestSchemaRoutes(app: App, manifests: Pick<ManifestReader, "jsonSchema">): void {
  addRoute(app, {
    method: "GET",
    url: "/api/manifest.schema.json",
    permission: "public",
    schema: {
      tags: ["functions"],
      summary: "JSON Schema of a slipway.yml",
      answers: { 200: { contentType: "application/schema+json", description: "Draft 2020-12" } },
    },
    handler: async (_request, reply) =>
      reply.type("application/schema+json; charset=utf-8").send(await manifests.jsonSchema()),
  });
}
