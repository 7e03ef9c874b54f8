/** lambdaathome's function routes (seed 000, "Deploy a function" to "Start a stopped function"; design 8.1). */

import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { BuildLogs } from "../domain/build.ts";
import type { EngineDriver, ImageDriver } from "../domain/driver.ts";
import { AppError } from "../domain/errors.ts";
import { LABELS } from "../domain/labels.ts";
import { normalizeImageTag } from "../domain/names.ts";
import type { FunctionUploads, ServiceLifecycle, ServiceLogs } from "../domain/operations.ts";
import type { Service } from "../domain/service.ts";
import type { Stores } from "../domain/stores.ts";
import { parseUpload, type UploadRules } from "../domain/upload.ts";
import { fileField, type RouteSchema } from "./api-document.ts";
import { type App, addRoute } from "./app.ts";
import { functionFinder } from "./function-finder.ts";
import { lambdaView, readFunctionState } from "./function-view.ts";
import { buildLogText, sendText, untilClosed } from "./log-stream.ts";
import { flag, messageSchema, nameParams } from "./schemas.ts";
import { withUploadForm } from "./upload-form.ts";
import { lambdaSchema } from "./view-schemas.ts";

export type LambdaFunctionRoutesOptions = {
  readonly stores: Stores;
  readonly uploads: FunctionUploads;
  readonly lifecycle: ServiceLifecycle;
  readonly logs: ServiceLogs;
  readonly buildLogs: BuildLogs;
  readonly engine: Pick<EngineDriver, "listEverything"> & Pick<ImageDriver, "listImages" | "findImage">;
  readonly rules: UploadRules;
  readonly uploadsDir: string;
  /** What this server's images are labelled with. */
  readonly serverId: string;
};

const TAIL = 500;
const keyParams = z.object({ key: z.string().min(1).max(300) });

export function lambdaFunctionRoutes(app: App, options: LambdaFunctionRoutesOptions): void {
  const route = (
    method: "GET" | "POST" | "DELETE",
    url: string,
    schema: RouteSchema,
    handler: Handler,
    changesState = false,
  ): void =>
    addRoute(app, {
      method,
      url,
      permission: "member",
      schema: { tags: ["lambdaathome"], ...schema },
      changesState,
      handler,
    });
  addUpload(route, options);
  addReads(route, options);
  addActions(route, options);
}

type AddOne = (
  method: "GET" | "POST" | "DELETE",
  url: string,
  schema: RouteSchema,
  handler: Handler,
  changesState?: boolean,
) => void;

function addUpload(route: AddOne, options: LambdaFunctionRoutesOptions): void {
  const form = z.object({
    name: z.string().describe("DNS label; the function answers under it"),
    tag: z.string().describe("Tag of the image"),
    runtime: z.string(),
    port: z
      .string()
      .describe("Port on this machine's 127.0.0.1, unique; 80, 8080, 9001 and the server's own are reserved"),
    volume: z.string().optional().describe("`./data:/data,./other:/other:ro`"),
    file: fileField("The code as zip or tar.gz"),
  });
  route(
    "POST",
    "/function/upload",
    {
      summary: "Create or update a function from a zip; it builds beside",
      form,
      answers: { 200: messageSchema.extend({ data: lambdaSchema }) },
    },
    (request) => upload(request, options),
  );
}

function addReads(route: AddOne, options: LambdaFunctionRoutesOptions): void {
  const { stores, engine } = options;
  const find = functionFinder(stores);
  route(
    "GET",
    "/function/get/:name",
    { summary: "One function", params: nameParams, answers: { 200: lambdaSchema } },
    async (request) => lambdaView(await readFunctionState(stores, await find.routed(nameOf(request)))),
  );
  route(
    "GET",
    "/function/list",
    {
      summary: "All functions with their ids",
      answers: { 200: z.strictObject({ keys: z.array(z.string()), functions: z.array(lambdaSchema) }) },
    },
    async () => {
      const services = await stores.services.list({ kind: "function" });
      const functions = await Promise.all(services.map(async (s) => lambdaView(await readFunctionState(stores, s))));
      return { keys: functions.map((f) => f.id), functions };
    },
  );
  route(
    "GET",
    "/function/listrunning",
    { summary: "Every running container, as the engine reports it", answers: { 200: z.array(z.looseObject({})) } },
    async () => engine.listEverything(),
  );
  route(
    "GET",
    "/function/listinstalled",
    { summary: "First tag of each tagged image", answers: { 200: z.array(z.string()) } },
    async () => (await engine.listImages()).flatMap((i) => i.tags.slice(0, 1)),
  );
  route(
    "GET",
    "/function/logs/:name",
    {
      summary: "Its log, or with build=1 the log of its latest build; follow=1 goes on while it grows",
      params: nameParams,
      querystring: z.object({ follow: flag, build: flag }),
      answers: { 200: { contentType: "text/plain", description: "The log" } },
    },
    (request, reply) => sendLog(request, reply, options),
  );
}

function addActions(route: AddOne, { stores, lifecycle }: LambdaFunctionRoutesOptions): void {
  const find = functionFinder(stores);
  for (const method of ["GET", "POST"] as const) {
    route(
      method,
      "/function/start/:key",
      { summary: "Start a stopped function (name or tag)", params: keyParams, answers: { 200: messageSchema } },
      async (request) => {
        await lifecycle.start(await findByKey(stores, (request.params as { key: string }).key));
        return { message: "Started" };
      },
      true,
    );
  }
  route(
    "DELETE",
    "/function/delete/:name",
    { summary: "Delete a function", params: nameParams, answers: { 200: messageSchema } },
    async (request) => {
      const service = await find.routed(nameOf(request));
      await lifecycle.remove(service, (await stores.projects.get(service.projectId)).slug, { volumes: false });
      return { message: "Deleted" };
    },
  );
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

function nameOf(request: FastifyRequest): string {
  return (request.params as { name: string }).name;
}

async function upload(request: FastifyRequest, options: LambdaFunctionRoutesOptions): Promise<unknown> {
  const { stores, uploads, rules, uploadsDir } = options;
  return withUploadForm(request, uploadsDir, async ({ fields, file }) => {
    const parsed = parseUpload(fields, file !== undefined, rules);
    const project = await functionFinder(stores).project(undefined);
    await requireFreeTag(options, parsed.tag, parsed.name);
    const { service } = await uploads.deployUpload(project, parsed, file?.path ?? "");
    return {
      message: "Code uploaded, build process started",
      data: lambdaView(await readFunctionState(stores, service)),
    };
  });
}

/**
 * A tag that is an image of somebody else's, or another function's, must not be taken over (design 6). One of a function
 * that was deleted is free, though its image may stay for a while.
 * @throws AppError `conflict`
 */
async function requireFreeTag(options: LambdaFunctionRoutesOptions, tag: string, name: string): Promise<void> {
  const { engine, stores, serverId } = options;
  const taken = (message: string): AppError =>
    new AppError("conflict", message, { fields: { tag: ["is taken"] }, remedy: "Choose another tag." });
  const own = await stores.services.findByRouteName(name);
  const other = await findByTag(stores, tag);
  if (other !== undefined && other.id !== own?.id) throw taken(`tag: ${tag} is taken by ${other.name}.`);
  const image = await engine.findImage(normalizeImageTag(tag));
  if (image === undefined) return;
  const owner = image.labels[LABELS.server] === serverId ? (image.labels[LABELS.service] ?? "") : undefined;
  const isFree = owner !== undefined && (owner === own?.id || (await stores.services.find(owner)) === undefined);
  if (!isFree) throw taken(`tag: ${tag} is an image on this machine that is not this function's.`);
}

/** `my-api` and `my-api:latest` are one tag. */
async function findByTag(stores: Stores, tag: string): Promise<Service | undefined> {
  const short = tag.replace(/:latest$/, "");
  return (await stores.services.findByTag(short)) ?? (await stores.services.findByTag(`${short}:latest`));
}

async function findByKey(stores: Stores, key: string): Promise<Service> {
  const service = (await stores.services.findByRouteName(key)) ?? (await findByTag(stores, key));
  if (service?.kind === "function") return service;
  throw new AppError("not_found", "Function not found");
}

async function sendLog(
  request: FastifyRequest,
  reply: FastifyReply,
  options: LambdaFunctionRoutesOptions,
): Promise<unknown> {
  const { follow, build } = request.query as { follow: boolean; build: boolean };
  const service = await functionFinder(options.stores).routed(nameOf(request));
  const signal = untilClosed(request, reply);
  if (!build) return sendText(request, reply, logText(options.logs, service, follow, signal), { follow });
  const [latest] = await options.stores.builds.list({ serviceId: service.id, limit: 1 });
  return sendText(request, reply, buildLogText(options.buildLogs, latest, follow, signal), { follow });
}

async function* logText(
  logs: ServiceLogs,
  service: Service,
  follow: boolean,
  signal: AbortSignal,
): AsyncIterable<string> {
  for await (const item of logs.read(service.id, { tail: TAIL, follow }, signal))
    if (item.kind === "line") yield `${item.line}\n`;
}
