/** `GET /api/functions/:name/source`: the files a function was built from, as they were uploaded. */

import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGzip } from "node:zlib";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import { AppError } from "../domain/errors.ts";
import type { Service } from "../domain/service.ts";
import type { SourceFiles } from "../domain/source.ts";
import type { Stores } from "../domain/stores.ts";
import { type App, addRoute } from "./app.ts";
import { functionFinder } from "./function-finder.ts";
import { nameParams, projectQuery } from "./schemas.ts";

export type FunctionSourceOptions = {
  readonly stores: Pick<Stores, "projects" | "services" | "deployments">;
  readonly sources: Pick<SourceFiles, "tarPath">;
};

export function functionSourceRoutes(app: App, options: FunctionSourceOptions): void {
  addRoute(app, {
    method: "GET",
    url: "/api/functions/:name/source",
    permission: "member",
    schema: {
      tags: ["functions"],
      summary: "The files it was built from, as tar.gz; of what serves, else of the newest deployment",
      params: nameParams,
      querystring: projectQuery,
      answers: { 200: { contentType: "application/gzip", description: "X-Slipway-Source-Id: its SHA-256" } },
    },
    handler: (request, reply) => sendSource(request, reply, options),
  });
}

async function sendSource(request: FastifyRequest, reply: FastifyReply, options: FunctionSourceOptions) {
  const { name } = request.params as z.output<typeof nameParams>;
  const { project } = request.query as z.output<typeof projectQuery>;
  const service = await functionFinder(options.stores).function(name, project);
  const id = await sourceIdOf(service, options);
  const gzip = createGzip();
  // What goes wrong ends the answer early, which its reader notices.
  pipeline(createReadStream(await options.sources.tarPath(id)), gzip, () => undefined);
  return reply
    .header("content-type", "application/gzip")
    .header("content-disposition", `attachment; filename="${service.name}.tar.gz"`)
    .header("x-slipway-source-id", id)
    .send(gzip);
}

/** @throws AppError `not_found` */
async function sourceIdOf(service: Service, { stores }: FunctionSourceOptions): Promise<string> {
  const { id: serviceId, activeDeploymentId: active, name } = service;
  const [newest] = await stores.deployments.list({ serviceId, limit: 1 });
  const deployment = active === null ? newest : await stores.deployments.get(active);
  if (deployment?.sourceId != null) return deployment.sourceId;
  throw new AppError("not_found", `${name} has no source: nothing was uploaded for it yet.`);
}
