/** `/api/api-keys` (reference 1.5): the own long-lived tokens, for programs. */

import { z } from "zod";
import type { Accounts } from "../domain/accounts.ts";
import { userIdOf } from "../domain/actor.ts";
import { apiKeySchema, apiKeyView, newApiKeySchema } from "./account-views.ts";
import { type App, addRoute } from "./app.ts";
import { requireUser } from "./auth.routes.ts";
import { actorOf } from "./authorize.ts";

const tags = ["api-keys"];
const createBody = z.strictObject({
  description: z.string().describe("1 to 200 characters"),
  expires_at: z.iso.datetime({ offset: true }).nullish().describe("In the future; absent or null: never"),
});
const idParams = z.object({ id: z.string().max(64) });

export function apiKeyRoutes(app: App, { accounts }: { readonly accounts: Accounts }): void {
  addRoute(app, {
    method: "GET",
    url: "/api/api-keys",
    permission: "member",
    schema: {
      tags,
      summary: "The own API keys, newest first; never their tokens",
      answers: { 200: z.strictObject({ data: z.array(apiKeySchema) }) },
    },
    handler: async (request) => {
      const actor = actorOf(request);
      const keys = actor.kind === "passkey" ? [] : await accounts.listApiKeys(actor.user.id);
      return { data: keys.map(apiKeyView) };
    },
  });
  addRoute(app, {
    method: "POST",
    url: "/api/api-keys",
    permission: "member",
    schema: {
      tags,
      summary: "Make an API key; its token is shown this once",
      body: createBody,
      answers: { 201: newApiKeySchema },
    },
    handler: async (request, reply) => {
      const { description, expires_at: expires } = request.body as z.output<typeof createBody>;
      const expiresAt = expires == null ? null : Date.parse(expires);
      const { key, token } = await accounts.createApiKey(requireUser(actorOf(request)).id, { description, expiresAt });
      return reply.status(201).send({ ...apiKeyView(key), token });
    },
  });
  addRoute(app, {
    method: "DELETE",
    url: "/api/api-keys/:id",
    permission: "member",
    schema: {
      tags,
      summary: "Delete an own API key; it counts no more at once",
      params: idParams,
      answers: { 204: null },
    },
    handler: async (request, reply) => {
      const { id } = request.params as z.output<typeof idParams>;
      // The passkey has none: whatever it names is not there.
      await accounts.removeApiKey(userIdOf(actorOf(request)) ?? "", id);
      return reply.status(204).send();
    },
  });
}
