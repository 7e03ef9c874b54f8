/** `/api/runtimes`. */

import { z } from "zod";
import { requireRuntimeName } from "../domain/names.ts";
import type { Runtime, RuntimeAdmin } from "../domain/runtime.ts";
import { type App, addRoute } from "./app.ts";
import { nameParams } from "./schemas.ts";
import { type RuntimeView, runtimeSchema, runtimeWithContentSchema } from "./view-schemas.ts";

export function runtimeRoutes(app: App, { runtimes }: { readonly runtimes: RuntimeAdmin }): void {
  const tags = ["runtimes"];
  addRoute(app, {
    method: "GET",
    url: "/api/runtimes",
    permission: "admin",
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
    permission: "admin",
    schema: {
      tags,
      summary: "One runtime with its Dockerfile",
      params: nameParams,
      answers: { 200: runtimeWithContentSchema },
    },
    handler: async (request) => {
      const { name } = request.params as z.output<typeof nameParams>;
      return { ...runtimeView(await runtimes.get(name)), content: await runtimes.show(name) };
    },
  });
  addRoute(app, {
    method: "PUT",
    url: "/api/runtimes/:name",
    permission: "admin",
    schema: {
      tags,
      summary: "Create or replace a runtime from a Dockerfile",
      params: nameParams,
      body: z.strictObject({
        content: z
          .string()
          .min(1)
          .max(1024 * 1024)
          .describe("The Dockerfile"),
      }),
      answers: { 200: runtimeSchema },
    },
    handler: async (request) => {
      const { name } = request.params as z.output<typeof nameParams>;
      requireRuntimeName(name);
      return runtimeView(await runtimes.saveDockerfile(name, (request.body as { content: string }).content));
    },
  });
  addRoute(app, {
    method: "DELETE",
    url: "/api/runtimes/:name",
    permission: "admin",
    schema: { tags, summary: "Delete an uploaded runtime", params: nameParams, answers: { 204: null } },
    handler: async (request, reply) => {
      await runtimes.remove((request.params as z.output<typeof nameParams>).name);
      return reply.status(204).send();
    },
  });
}

function runtimeView(runtime: Runtime): RuntimeView {
  const { name, description, origin, protocol, defaultPort } = runtime;
  return { name, description, origin, protocol, default_port: defaultPort };
}
