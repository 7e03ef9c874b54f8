/** `/api/runtimes`. A runtime is sent as a Dockerfile (JSON or a file) or as an archive of a runtime folder. */

import { Readable } from "node:stream";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { AppError } from "../domain/errors.ts";
import { requireRuntimeName } from "../domain/names.ts";
import type { Runtime, RuntimeAdmin, RuntimeSaveOptions } from "../domain/runtime.ts";
import { fileField } from "./api-document.ts";
import { type App, addRoute } from "./app.ts";
import { nameParams } from "./schemas.ts";
import { withUploadForm } from "./upload-form.ts";
import { type RuntimeView, runtimeSchema, runtimeWithContentSchema } from "./view-schemas.ts";

export type RuntimeRoutesOptions = { readonly runtimes: RuntimeAdmin; readonly uploadsDir: string };

const tags = ["runtimes"];
const content = z
  .string()
  .min(1)
  .max(1024 * 1024)
  .describe("The Dockerfile");
const file = fileField("The Dockerfile, or a zip or tar.gz of a runtime folder");
/** A form has no body by the time schemas are looked at; its fields are checked where it is read. */
const createBody = z.strictObject({ name: z.string(), content }).nullish();
const replaceBody = z.strictObject({ content }).nullish();

export function runtimeRoutes(app: App, options: RuntimeRoutesOptions): void {
  readRoutes(app, options);
  addRoute(app, {
    method: "POST",
    url: "/api/runtimes",
    permission: "admin",
    schema: {
      tags,
      summary: "Register a runtime from a Dockerfile or an archive of a runtime folder; also as JSON {name, content}",
      body: createBody,
      form: z.object({ name: z.string(), file }),
      answers: { 201: runtimeSchema },
    },
    handler: async (request, reply) => {
      const save = { mustBeNew: true };
      const body = request.body as z.output<typeof createBody>;
      return reply.status(201).send(runtimeView(await saveRuntime(request, options, body?.name, body?.content, save)));
    },
  });
  addRoute(app, {
    method: "PUT",
    url: "/api/runtimes/:name",
    permission: "admin",
    schema: {
      tags,
      summary: "Create or replace a runtime; also as JSON {content}",
      params: nameParams,
      body: replaceBody,
      form: z.object({ file }),
      answers: { 200: runtimeSchema },
    },
    handler: async (request) => {
      const { name } = request.params as z.output<typeof nameParams>;
      requireRuntimeName(name);
      const body = request.body as z.output<typeof replaceBody>;
      return runtimeView(await saveRuntime(request, options, name, body?.content, { mustBeNew: false }));
    },
  });
  addRoute(app, {
    method: "DELETE",
    url: "/api/runtimes/:name",
    permission: "admin",
    schema: { tags, summary: "Delete an uploaded runtime", params: nameParams, answers: { 204: null } },
    handler: async (request, reply) => {
      await options.runtimes.remove((request.params as z.output<typeof nameParams>).name);
      return reply.status(204).send();
    },
  });
}

function readRoutes(app: App, { runtimes }: RuntimeRoutesOptions): void {
  addRoute(app, {
    method: "GET",
    url: "/api/runtimes",
    permission: "member",
    schema: {
      tags,
      summary: "All runtimes, by name",
      answers: { 200: z.strictObject({ data: z.array(runtimeSchema) }) },
    },
    handler: async () => ({ data: (await runtimes.list()).map(runtimeView) }),
  });
  addRoute(app, {
    method: "GET",
    url: "/api/runtimes/:name",
    permission: "member",
    schema: {
      tags,
      summary: "One runtime with its Dockerfile and the list of its files",
      params: nameParams,
      answers: { 200: runtimeWithContentSchema },
    },
    handler: async (request) => {
      const { name } = request.params as z.output<typeof nameParams>;
      const runtime = await runtimes.get(name);
      const { content: dockerfile, paths, hasTemplate } = await runtimes.details(name);
      return {
        ...runtimeView(runtime),
        content: dockerfile,
        files: paths,
        has_template: hasTemplate,
        health_path: runtime.healthPath,
        options: runtime.options,
      };
    },
  });
  addRoute(app, {
    method: "GET",
    url: "/api/runtimes/:name/archive",
    permission: "member",
    schema: {
      tags,
      summary: "The whole runtime as a tar.gz, template included",
      params: nameParams,
      answers: { 200: { contentType: "application/gzip", description: "A tar.gz of the folder" } },
    },
    handler: async (request, reply) => {
      const { name } = request.params as z.output<typeof nameParams>;
      const archive = await runtimes.archive(name);
      reply.header("content-disposition", `attachment; filename="${encodeURIComponent(name)}.tar.gz"`);
      return reply.type("application/gzip").send(Readable.from(archive));
    },
  });
}

/** JSON carries the Dockerfile's text, a form a file; the name of a new one is in either. @throws AppError `invalid` */
async function saveRuntime(
  request: FastifyRequest,
  { runtimes, uploadsDir }: RuntimeRoutesOptions,
  name: string | undefined,
  text: string | undefined,
  save: RuntimeSaveOptions,
): Promise<Runtime> {
  if (text !== undefined) return runtimes.saveDockerfile(requireName(name), text, save);
  return withUploadForm(request, uploadsDir, async (form) => {
    if (form.file !== undefined) return runtimes.saveFile(requireName(name ?? form.fields.name), form.file.path, save);
    throw new AppError("invalid", "file: is missing", {
      fields: { file: ["is required"] },
      remedy: "Send the Dockerfile, or a zip or tar.gz of the runtime's folder, as form part file.",
    });
  });
}

function requireName(name: string | undefined): string {
  if (name === undefined) throw new AppError("invalid", "name: is missing", { fields: { name: ["is required"] } });
  requireRuntimeName(name);
  return name;
}

function runtimeView(runtime: Runtime): RuntimeView {
  const { name, description, origin, protocol, defaultPort } = runtime;
  return { name, description, origin, protocol, default_port: defaultPort };
}
