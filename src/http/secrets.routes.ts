/** `/api/secrets` (design 8.2). Values go in and never come out. */

import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { invalidField } from "../domain/errors.ts";
import type { Project } from "../domain/project.ts";
import type { SecretAdmin, SecretRecord } from "../domain/secret.ts";
import type { Stores } from "../domain/stores.ts";
import { type App, addRoute } from "./app.ts";
import { functionFinder } from "./function-finder.ts";
import { nameParams } from "./schemas.ts";

export type SecretRoutesOptions = {
  readonly secrets: SecretAdmin;
  readonly stores: Pick<Stores, "projects" | "services">;
};

const tags = ["secrets"];
const functionText = z.string().max(63).describe("The one function that gets it; absent: all that ask for it");
const projectText = z.string().max(47).describe("Id or slug of the project; `default` when absent");
const valueShape = {
  value: z.string().describe("At most 512 KiB of bytes; nothing is added or taken away"),
  encoding: z.enum(["utf8", "base64"]).default("utf8"),
};
const listQuery = z.object({
  project: z.string().max(47).optional().describe("Id or slug of a project; all when absent"),
  function: z.string().max(63).optional().describe("Only those of this function"),
});
const keyQuery = z.object({ project: projectText.optional(), function: functionText.optional() });
const createBody = z.strictObject({
  name: z.string().max(300).describe("The file's name below /secrets: letters, digits, . _ -"),
  function: functionText.nullish(),
  project: projectText.optional(),
  ...valueShape,
});
const putBody = z.strictObject(valueShape);

const secretSchema = z
  .strictObject({
    name: z.string(),
    function: z.string().nullable().describe("null: all functions of the project that ask for it"),
    project: z.string(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: "Secret" });

export function secretRoutes(app: App, { secrets, stores }: SecretRoutesOptions): void {
  const find = functionFinder(stores);
  addRoute(app, {
    method: "GET",
    url: "/api/secrets",
    permission: "member",
    schema: {
      tags,
      summary: "Names of the secrets that are set, never their values",
      querystring: listQuery,
      answers: { 200: z.strictObject({ data: z.array(secretSchema) }) },
    },
    handler: async (request) => {
      const query = request.query as z.output<typeof listQuery>;
      const named = query.project === undefined ? undefined : await find.project(query.project);
      const slugs = new Map((await stores.projects.list()).map(({ id, slug }) => [id, slug]));
      const found = await secrets.list({
        ...(named && { projectId: named.id }),
        ...(query.function !== undefined && { functionName: query.function }),
      });
      return { data: found.map((record) => secretView(record, slugs.get(record.projectId) ?? "")) };
    },
  });
  addRoute(app, {
    method: "POST",
    url: "/api/secrets",
    permission: "member",
    schema: { tags, summary: "Set a secret that is not set yet", body: createBody, answers: { 201: secretSchema } },
    handler: async (request, reply) => {
      const body = request.body as z.output<typeof createBody>;
      const project = await find.project(body.project);
      const key = { projectId: project.id, functionName: body.function ?? null, name: body.name };
      return reply.status(201).send(secretView(await secrets.create(key, bytesOf(body)), project.slug));
    },
  });
  addRoute(app, {
    method: "PUT",
    url: "/api/secrets/:name",
    permission: "member",
    schema: {
      tags,
      summary: "Set a secret, replacing what it was; running instances see it at once",
      params: nameParams,
      querystring: keyQuery,
      body: putBody,
      answers: { 200: secretSchema },
    },
    handler: async (request) => {
      const { project, key } = await keyOf(request, find.project);
      const record = await secrets.put(key, bytesOf(request.body as z.output<typeof putBody>));
      return secretView(record, project.slug);
    },
  });
  addRoute(app, {
    method: "DELETE",
    url: "/api/secrets/:name",
    permission: "member",
    schema: {
      tags,
      summary: "Delete a secret; its file is gone from running instances",
      params: nameParams,
      querystring: keyQuery,
      answers: { 204: null },
    },
    handler: async (request, reply) => {
      await secrets.remove((await keyOf(request, find.project)).key);
      return reply.status(204).send();
    },
  });
}

async function keyOf(request: FastifyRequest, findProject: (slug: string | undefined) => Promise<Project>) {
  const { name } = request.params as z.output<typeof nameParams>;
  const query = request.query as z.output<typeof keyQuery>;
  const project = await findProject(query.project);
  return { project, key: { projectId: project.id, functionName: query.function ?? null, name } };
}

/** @throws AppError `invalid` for what is no base64, without saying what it is */
function bytesOf({ value, encoding }: z.output<typeof putBody>): Uint8Array {
  if (encoding === "utf8") return Buffer.from(value, "utf8");
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(value) && value.length % 4 === 0) return Buffer.from(value, "base64");
  throw invalidField("value", "is no base64", "Send it as base64 (RFC 4648, with padding), or as utf8.");
}

function secretView(record: SecretRecord, project: string): z.output<typeof secretSchema> {
  return {
    name: record.name,
    function: record.functionName,
    project,
    created_at: new Date(record.createdAt).toISOString(),
    updated_at: new Date(record.updatedAt).toISOString(),
  };
}
