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
import { type App, addRoute } from "./app.ts";
import { functionFinder } from "./function-finder.ts";
import { lambdaView, readFunctionState } from "./function-view.ts";
import { sendText, untilClosed } from "./log-stream.ts";
import { flag, nameParams } from "./schemas.ts";
import { withUploadForm } from "./upload-form.ts";

export type LambdaFunctionRoutesOptions = {
  readonly stores: Stores;
  readonly uploads: FunctionUploads;
  readonly lifecycle: ServiceLifecycle;
  readonly logs: ServiceLogs;
  readonly buildLogs: BuildLogs;
  readonly engine: Pick<EngineDriver, "listEverything"> & Pick<ImageDriver, "listImages" | "findImage">;
  readonly rules: UploadRules;
  readonly uploadsDir: string;
};

const TAIL = 500;

export function lambdaFunctionRoutes(app: App, options: LambdaFunctionRoutesOptions): void {
  const { stores, lifecycle, engine } = options;
  const find = functionFinder(stores);
  const route = (
    method: "GET" | "POST" | "DELETE",
    url: string,
    summary: string,
    handler: Handler,
    schema: object = {},
  ): void =>
    addRoute(app, {
      method,
      url,
      permission: "admin",
      schema: { tags: ["lambdaathome"], summary, ...schema },
      handler,
    });

  route(
    "POST",
    "/function/upload",
    "Create or update a function from a zip (form: name, tag, runtime, port, volume?, file)",
    (request) => upload(request, options),
  );
  route(
    "GET",
    "/function/get/:name",
    "One function",
    async (request) => lambdaView(await readFunctionState(stores, await find.routed(nameOf(request)))),
    {
      params: nameParams,
    },
  );
  route("GET", "/function/list", "All functions with their ids", async () => {
    const services = await stores.services.list({ kind: "function" });
    const functions = await Promise.all(services.map(async (s) => lambdaView(await readFunctionState(stores, s))));
    return { keys: functions.map((f) => f.id), functions };
  });
  route("GET", "/function/listrunning", "Every running container, as the engine reports it", async () =>
    engine.listEverything(),
  );
  route("GET", "/function/listinstalled", "First tag of each tagged image", async () =>
    (await engine.listImages()).flatMap((i) => i.tags.slice(0, 1)),
  );
  for (const method of ["GET", "POST"] as const) {
    route(method, "/function/start/:key", "Start a stopped function (name or tag)", async (request) => {
      await lifecycle.start(await findByKey(stores, (request.params as { key: string }).key));
      return { message: "Started" };
    });
  }
  route(
    "DELETE",
    "/function/delete/:name",
    "Delete a function",
    async (request) => {
      const service = await find.routed(nameOf(request));
      await lifecycle.remove(service, (await stores.projects.get(service.projectId)).slug, { volumes: false });
      return { message: "Deleted" };
    },
    { params: nameParams },
  );
  route(
    "GET",
    "/function/logs/:name",
    "Its log, or with build=1 the log of its latest build",
    (request, reply) => sendLog(request, reply, options),
    {
      params: nameParams,
      querystring: z.object({ follow: flag, build: flag }),
    },
  );
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

function nameOf(request: FastifyRequest): string {
  return (request.params as { name: string }).name;
}

async function upload(request: FastifyRequest, options: LambdaFunctionRoutesOptions): Promise<unknown> {
  const { stores, uploads, engine, rules, uploadsDir } = options;
  return withUploadForm(request, uploadsDir, async ({ fields, file }) => {
    const parsed = parseUpload(fields, file !== undefined, rules);
    const project = await functionFinder(stores).project(undefined);
    await requireFreeTag(engine, stores, parsed.tag, parsed.name);
    const { service } = await uploads.deployUpload(project, parsed, file?.path ?? "");
    return {
      message: "Code uploaded, build process started",
      data: lambdaView(await readFunctionState(stores, service)),
    };
  });
}

/** A tag that is an image of somebody else's must not be taken over (design 6). @throws AppError `conflict` */
async function requireFreeTag(
  images: Pick<ImageDriver, "findImage">,
  stores: Stores,
  tag: string,
  name: string,
): Promise<void> {
  const image = await images.findImage(normalizeImageTag(tag));
  if (image === undefined) return;
  const owner = await stores.services.findByRouteName(name);
  const isOwn = owner !== undefined && image.labels[LABELS.service] === owner.id;
  if (!isOwn)
    throw new AppError("conflict", `tag: ${tag} is an image on this machine that is not this function's.`, {
      fields: { tag: ["is taken"] },
      remedy: "Choose another tag.",
    });
}

async function findByKey(stores: Stores, key: string): Promise<Service> {
  const service = (await stores.services.findByRouteName(key)) ?? (await stores.services.findByTag(key));
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
  if (!build) return sendText(reply, logText(options.logs, service, follow, signal));
  const [latest] = await options.stores.builds.list({ serviceId: service.id, limit: 1 });
  if (latest === undefined) return sendText(reply, (async function* () {})());
  return sendText(
    reply,
    follow
      ? options.buildLogs.follow(latest.id, signal)
      : (async function* () {
          yield await options.buildLogs.read(latest.id);
        })(),
  );
}

async function* logText(
  logs: ServiceLogs,
  service: Service,
  follow: boolean,
  signal: AbortSignal,
): AsyncIterable<string> {
  for await (const line of logs.read(service.id, { tail: TAIL, follow }, signal)) yield `${line.line}\n`;
}
