/** lambdaathome's runtime routes (seed 000, "Create a new runtime" to "Delete a runtime"). */

import { readFile } from "node:fs/promises";
import { z } from "zod";
import { AppError } from "../domain/errors.ts";
import { requireRuntimeName } from "../domain/names.ts";
import type { RuntimeAdmin } from "../domain/runtime.ts";
import { fileField } from "./api-document.ts";
import { type App, addRoute } from "./app.ts";
import { messageSchema, nameParams } from "./schemas.ts";
import { withUploadForm } from "./upload-form.ts";

export type LambdaRuntimeRoutesOptions = {
  readonly runtimes: RuntimeAdmin;
  readonly uploadsDir: string;
};

const MAX_DOCKERFILE_BYTES = 1024 * 1024;

export function lambdaRuntimeRoutes(app: App, { runtimes, uploadsDir }: LambdaRuntimeRoutesOptions): void {
  addRoute(app, {
    method: "POST",
    url: "/runtime/upload/:name",
    permission: "admin",
    schema: {
      params: nameParams,
      tags: ["lambdaathome"],
      summary: "Create or replace a runtime from a Dockerfile (form field file)",
      form: z.object({ file: fileField("The Dockerfile") }),
      answers: { 200: z.strictObject({ runtimeName: z.string(), fileName: z.string() }) },
    },
    handler: (request) =>
      withUploadForm(request, uploadsDir, async ({ file }) => {
        const { name } = request.params as { name: string };
        requireRuntimeName(name);
        if (file === undefined)
          throw new AppError("invalid", "Missing required fields: file", {
            fields: { file: ["is required"] },
            remedy: "Send the Dockerfile as form field file.",
          });
        const runtime = await runtimes.saveDockerfile(name, await readDockerfile(file.path));
        return { runtimeName: name, fileName: runtime.path };
      }),
  });

  addRoute(app, {
    method: "GET",
    url: "/runtime/list",
    permission: "admin",
    schema: {
      tags: ["lambdaathome"],
      summary: "Names of all runtimes, sorted",
      answers: { 200: z.array(z.string()) },
    },
    handler: async () => (await runtimes.list()).map((r) => r.name),
  });

  addRoute(app, {
    method: "GET",
    url: "/runtime/show/:name",
    permission: "admin",
    schema: {
      params: nameParams,
      tags: ["lambdaathome"],
      summary: "A runtime's Dockerfile",
      answers: { 200: z.strictObject({ name: z.string(), content: z.string() }) },
    },
    handler: async (request) => {
      const { name } = request.params as { name: string };
      return { name, content: await runtimes.show(name) };
    },
  });

  addRoute(app, {
    method: "DELETE",
    url: "/runtime/delete/:name",
    permission: "admin",
    schema: {
      params: nameParams,
      tags: ["lambdaathome"],
      summary: "Delete a runtime; default, built-in ones and ones in use stay",
      answers: { 200: messageSchema },
    },
    handler: async (request) => {
      const { name } = request.params as { name: string };
      await runtimes.remove(name);
      return { message: "Deleted" };
    },
  });
}

/** @throws AppError `invalid` when it can't be a Dockerfile */
export async function readDockerfile(path: string): Promise<string> {
  const content = await readFile(path);
  if (content.length > MAX_DOCKERFILE_BYTES)
    throw new AppError("too_large", "file: a Dockerfile has at most 1 MiB", {
      fields: { file: ["is larger than 1 MiB"] },
    });
  return content.toString("utf8");
}
