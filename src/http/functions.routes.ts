/** `/api/functions` (design 8.2): deploy, read, act. */

import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { InstanceRecord } from "../domain/instance.ts";
import type { Service } from "../domain/service.ts";
import { findAdopted, guardAdopted, listAdopted } from "./adopted-functions.ts";
import { type App, addRoute } from "./app.ts";
import { codeBodyLimit, codeBodySchema } from "./code-body.ts";
import { deployForm, deployFunction, deployQuery } from "./deploy-function.ts";
import { namedFunction } from "./deployments.routes.ts";
import { functionFinder } from "./function-finder.ts";
import type { FunctionRoutesOptions } from "./function-routes-options.ts";
import { functionView, imageView, readFunctionState } from "./function-view.ts";
import { type ImageFacts, readImageFacts } from "./image-facts.ts";
import { logEvents, tailQuery } from "./log-events.ts";
import { sendEvents, untilClosed } from "./log-stream.ts";
import { rolloutRoutes } from "./rollouts.routes.ts";
import { envelope, envelopeOf, flag, nameParams, pageOf, pageQuery, projectQuery } from "./schemas.ts";
import { deployAnswerSchema, type FunctionView, functionSchema, functionWithImagesSchema } from "./view-schemas.ts";

const logsQuery = projectQuery.extend({ tail: tailQuery, follow: flag });
const rollbackBody = z.strictObject({ deployment_id: z.string().max(64).optional() }).nullish();

export function functionRoutes(app: App, options: FunctionRoutesOptions): void {
  guardAdopted(app, options);
  const viewOf: ViewOf = async (service) =>
    readView(options, service, await readImageFacts(options.images, service.id));
  addRoute(app, {
    method: "POST",
    url: "/api/functions",
    permission: "member",
    schema: {
      tags: ["functions"],
      summary: "Create or update a function (a form: manifest, source; or JSON with its code)",
      querystring: deployQuery,
      form: deployForm,
      json: codeBodySchema,
      answers: {
        200: deployAnswerSchema.describe("With wait: it serves"),
        202: deployAnswerSchema.describe("Taken in; it builds"),
      },
    },
    bodyLimitBytes: codeBodyLimit(options.uploadLimitBytes),
    handler: (request, reply) => deployFunction(request, reply, options, viewOf),
  });
  addReads(app, options, viewOf);
  addActions(app, options, viewOf);
  rolloutRoutes(app, options, viewOf);
  addLogs(app, options);
}

type ViewOf = (service: Service) => Promise<FunctionView>;

async function readView(options: FunctionRoutesOptions, service: Service, facts: ImageFacts): Promise<FunctionView> {
  const state = await readFunctionState(options.stores, service);
  const view = functionView(state, facts, options.urlOf, (record) =>
    options.containerName(service, state.project.slug, record),
  );
  return { ...view, urls: [...view.urls, ...options.routeUrlsOf(state.routes)] };
}

function addReads(app: App, options: FunctionRoutesOptions, viewOf: ViewOf): void {
  const { stores, images } = options;
  const find = functionFinder(stores);
  addRoute(app, {
    method: "GET",
    url: "/api/functions",
    permission: "member",
    schema: {
      tags: ["functions"],
      summary: "All functions, or those of one project, by name",
      querystring: pageQuery,
      answers: { 200: envelopeOf(functionSchema) },
    },
    handler: async (request) => {
      const query = request.query as z.output<typeof pageQuery>;
      const page = pageOf(query);
      const project = query.project === undefined ? undefined : await find.project(query.project);
      const all = await stores.services.list({ kind: "function", ...(project && { projectId: project.id }) });
      const listed = [...all, ...(await listAdopted(options, query.project))];
      listed.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
      const facts = await readImageFacts(images, undefined);
      const views = listed
        .slice(page.offset, page.offset + page.limit)
        .map((one) => ("instances" in one ? one : readView(options, one, facts)));
      return envelope(await Promise.all(views), listed.length, page);
    },
  });
  addRoute(app, {
    method: "GET",
    url: "/api/functions/:name",
    permission: "member",
    schema: {
      tags: ["functions"],
      summary: "One function with its instances and images",
      params: nameParams,
      querystring: projectQuery,
      answers: { 200: functionWithImagesSchema },
    },
    handler: async (request) => {
      const { name } = request.params as z.output<typeof nameParams>;
      const adopted = await findAdopted(options, name, (request.query as z.output<typeof projectQuery>).project);
      if (adopted !== undefined) return { ...adopted, images: [] };
      const service = await namedFunction(find, request);
      const own = await images.listImages({ mine: true, serviceId: service.id });
      return { ...(await viewOf(service)), images: own.map(imageView) };
    },
  });
}

function addActions(app: App, { stores, lifecycle }: FunctionRoutesOptions, viewOf: ViewOf): void {
  const find = functionFinder(stores);
  const act = (
    verb: string,
    summary: string,
    work: (service: Service, request: FastifyRequest) => Promise<unknown>,
    body?: z.ZodType,
  ): void =>
    addRoute(app, {
      method: "POST",
      url: `/api/functions/:name/${verb}`,
      permission: "member",
      schema: {
        tags: ["functions"],
        summary,
        params: nameParams,
        querystring: projectQuery,
        ...(body && { body }),
        answers: { 200: functionSchema },
      },
      handler: async (request) => {
        const service = await namedFunction(find, request);
        await work(service, request);
        return viewOf(await stores.services.get(service.id));
      },
    });
  act("start", "Start a stopped function", (service) => lifecycle.start(service));
  act("stop", "Stop a function; it keeps everything but its instances", (service) => lifecycle.stop(service));
  act("restart", "Replace its instances, no request lost", (service) => lifecycle.restart(service));
  act(
    "rollback",
    "Go back to an earlier deployment, the one before when none is named",
    (service, request) => lifecycle.rollback(service, (request.body as z.output<typeof rollbackBody>)?.deployment_id),
    rollbackBody,
  );
  addRoute(app, {
    method: "DELETE",
    url: "/api/functions/:name",
    permission: "member",
    schema: {
      tags: ["functions"],
      summary: "Delete a function; volumes=1 deletes its data too, secrets=1 what was set for it alone",
      params: nameParams,
      querystring: projectQuery.extend({ volumes: flag, secrets: flag }),
      answers: { 204: null },
    },
    handler: async (request, reply) => {
      const service = await namedFunction(find, request);
      const { slug } = await stores.projects.get(service.projectId);
      const { volumes, secrets } = request.query as { volumes: boolean; secrets: boolean };
      await lifecycle.remove(service, slug, { volumes, secrets });
      return reply.status(204).send();
    },
  });
}

function addLogs(app: App, options: FunctionRoutesOptions): void {
  const { stores } = options;
  addRoute(app, {
    method: "GET",
    url: "/api/functions/:name/logs",
    permission: "member",
    schema: {
      tags: ["functions"],
      summary: "Log lines of all instances as server-sent events",
      params: nameParams,
      querystring: logsQuery,
      answers: {
        200: { contentType: "text/event-stream", description: "One `data:` per line, `event: end` at the end" },
      },
    },
    handler: async (request, reply) => {
      const service = await namedFunction(functionFinder(stores), request);
      const { slug } = await stores.projects.get(service.projectId);
      const what = request.query as z.output<typeof logsQuery>;
      const signal = untilClosed(request, reply);
      const nameOf = (record: InstanceRecord): string => options.containerName(service, slug, record);
      return sendEvents(request, reply, logEvents(options.logs.read(service.id, what, signal), nameOf), signal);
    },
  });
}
