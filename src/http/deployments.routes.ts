/** `/api/functions/:name/deployments`: what was rolled out, its build logs, cancelling. */

import type { FastifyRequest } from "fastify";
import type { z } from "zod";
import { deploymentSchema } from "../api/deployments.ts";
import type { Build } from "../domain/build.ts";
import type { Deployment } from "../domain/deployment.ts";
import { AppError } from "../domain/errors.ts";
import type { Service } from "../domain/service.ts";
import { type App, addRoute } from "./app.ts";
import { type FunctionFinder, functionFinder } from "./function-finder.ts";
import type { FunctionRoutesOptions } from "./function-routes-options.ts";
import { deploymentView } from "./function-view.ts";
import { buildLogText, sendText, untilClosed } from "./log-stream.ts";
import {
  deploymentParams,
  envelope,
  envelopeOf,
  flag,
  nameParams,
  pageOf,
  pageQuery,
  projectQuery,
} from "./schemas.ts";

type Found = { readonly service: Service; readonly deployment: Deployment; readonly build: Build | undefined };

export function deploymentRoutes(app: App, options: FunctionRoutesOptions): void {
  const { stores, buildLogs, uploads } = options;
  const tags = ["deployments"];
  const find = functionFinder(stores);
  const one = { params: deploymentParams, querystring: projectQuery, tags };

  addRoute(app, {
    method: "GET",
    url: "/api/functions/:name/deployments",
    permission: "member",
    schema: {
      params: nameParams,
      querystring: pageQuery,
      tags,
      summary: "Deployments, newest first",
      answers: { 200: envelopeOf(deploymentSchema) },
    },
    handler: async (request) => {
      const service = await namedFunction(find, request);
      const page = pageOf(request.query as z.output<typeof pageQuery>);
      const all = await stores.deployments.list({ serviceId: service.id });
      const shown = all.slice(page.offset, page.offset + page.limit);
      const views = shown.map(async (d) =>
        deploymentView(d, service, d.buildId === null ? undefined : await stores.builds.get(d.buildId)),
      );
      return envelope(await Promise.all(views), all.length, page);
    },
  });
  addRoute(app, {
    method: "GET",
    url: "/api/functions/:name/deployments/:id",
    permission: "member",
    schema: { ...one, summary: "One deployment", answers: { 200: deploymentSchema } },
    handler: async (request) => {
      const { service, deployment, build } = await findDeployment(request, options, find);
      return deploymentView(deployment, service, build);
    },
  });
  addRoute(app, {
    method: "POST",
    url: "/api/functions/:name/deployments/:id/cancel",
    permission: "member",
    schema: { ...one, summary: "Cancel a deployment that is coming up", answers: { 200: deploymentSchema } },
    handler: async (request) => {
      const { service, deployment, build } = await findDeployment(request, options, find);
      return deploymentView(await uploads.cancel(deployment.id), service, build);
    },
  });
  addRoute(app, {
    method: "GET",
    url: "/api/functions/:name/deployments/:id/log",
    permission: "member",
    schema: {
      ...one,
      querystring: projectQuery.extend({ follow: flag }),
      summary: "Its build log as text; follow=1 streams it while it grows",
      answers: { 200: { contentType: "text/plain", description: "The log" } },
    },
    handler: async (request, reply) => {
      const { build } = await findDeployment(request, options, find);
      const { follow } = request.query as { follow: boolean };
      return sendText(request, reply, buildLogText(buildLogs, build, follow, untilClosed(request, reply)), { follow });
    },
  });
}

export function namedFunction(find: FunctionFinder, request: FastifyRequest): Promise<Service> {
  const { name } = request.params as { name: string };
  return find.function(name, (request.query as { project?: string }).project);
}

/** @throws AppError `not_found`, also for a deployment of another function */
async function findDeployment(
  request: FastifyRequest,
  { stores }: FunctionRoutesOptions,
  find: FunctionFinder,
): Promise<Found> {
  const service = await namedFunction(find, request);
  const { id } = request.params as { id: string };
  const deployment = (await stores.deployments.list({ serviceId: service.id })).find((d) => d.id === id);
  if (deployment === undefined) throw new AppError("not_found", `There is no deployment ${id} of ${service.name}.`);
  return {
    service,
    deployment,
    build: deployment.buildId === null ? undefined : await stores.builds.get(deployment.buildId),
  };
}
