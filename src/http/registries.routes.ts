/** `/api/registries` (design 8.2): logins for private base images, and for where images are pushed. */

import { z } from "zod";
import type { RegistryAdmin, RegistryRecord } from "../domain/registry.ts";
import { type App, addRoute } from "./app.ts";

const tags = ["registries"];
const hostText = z.string().max(255).describe("`host` or `host:port`; Docker Hub is `docker.io`");
const loginBody = z.strictObject({
  host: hostText,
  username: z.string().max(255),
  password: z.string().max(64 * 1024),
});
const hostQuery = z.object({ host: hostText });
const registrySchema = z
  .strictObject({
    host: z.string(),
    username: z.string(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: "Registry" });

export function registryRoutes(app: App, { registries }: { readonly registries: RegistryAdmin }): void {
  addRoute(app, {
    method: "GET",
    url: "/api/registries",
    permission: "admin",
    schema: {
      tags,
      summary: "Registries with a login, by host; never the passwords",
      answers: { 200: z.strictObject({ data: z.array(registrySchema) }) },
    },
    handler: async () => ({ data: (await registries.list()).map(registryView) }),
  });
  addRoute(app, {
    method: "POST",
    url: "/api/registries",
    permission: "admin",
    schema: {
      tags,
      summary: "Keep a login, once the registry has accepted it",
      body: loginBody,
      answers: { 201: registrySchema },
    },
    handler: async (request, reply) =>
      reply.status(201).send(registryView(await registries.logIn(request.body as z.output<typeof loginBody>))),
  });
  addRoute(app, {
    method: "DELETE",
    url: "/api/registries",
    permission: "admin",
    schema: { tags, summary: "Forget a registry's login", querystring: hostQuery, answers: { 204: null } },
    handler: async (request, reply) => {
      await registries.logOut((request.query as z.output<typeof hostQuery>).host);
      return reply.status(204).send();
    },
  });
}

function registryView({ host, username, createdAt, updatedAt }: RegistryRecord): z.output<typeof registrySchema> {
  return {
    host,
    username,
    created_at: new Date(createdAt).toISOString(),
    updated_at: new Date(updatedAt).toISOString(),
  };
}
