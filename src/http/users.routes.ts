/** `/api/users` (reference 1.5): everybody who may sign in, for admins. */

import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { sliceQuery } from "../api/wire.ts";
import type { Accounts } from "../domain/accounts.ts";
import { AppError } from "../domain/errors.ts";
import type { UserFilter, UserStore } from "../domain/user.ts";
import { emailField, nameField, passwordField, roleField, userSchema, userView } from "./account-views.ts";
import { type App, addRoute } from "./app.ts";
import { actorOf } from "./authorize.ts";
import { envelope, envelopeOf, pageOf } from "./schemas.ts";

export type UserRoutesOptions = {
  readonly accounts: Accounts;
  readonly users: Pick<UserStore, "get" | "list" | "count">;
};

const tags = ["users"];
const createBody = z.strictObject({
  email: emailField,
  name: nameField,
  password: passwordField,
  role: roleField.default("member"),
});
const patchBody = z.strictObject({
  email: emailField.optional(),
  name: nameField.optional(),
  password: passwordField.optional(),
  role: roleField.optional(),
});
const usersQuery = sliceQuery.extend({
  name: z.string().max(300).optional().describe("A part of the name, whatever its case"),
  email: z.string().max(300).optional().describe("A part of the e-mail"),
});
const idParams = z.object({ id: z.string().max(64) });

export function userRoutes(app: App, { accounts, users }: UserRoutesOptions): void {
  addReads(app, users);
  addRoute(app, {
    method: "POST",
    url: "/api/users",
    permission: "admin",
    schema: {
      tags,
      summary: "Add a user, a member unless told otherwise",
      body: createBody,
      answers: { 201: userSchema },
    },
    handler: async (request, reply) =>
      reply.status(201).send(userView(await accounts.createUser(request.body as z.output<typeof createBody>))),
  });
  addRoute(app, {
    method: "PATCH",
    url: "/api/users/:id",
    permission: "admin",
    schema: {
      tags,
      summary: "Change a user; a new password or role ends the user's sessions",
      params: idParams,
      body: patchBody,
      answers: { 200: userSchema },
    },
    handler: async (request) => {
      const patch = request.body as z.output<typeof patchBody>;
      if (patch.role !== undefined && patch.role !== actorOf(request).role)
        requireOther(request, "change your own role");
      return userView(await accounts.updateUser(idOf(request), patch));
    },
  });
  addRoute(app, {
    method: "DELETE",
    url: "/api/users/:id",
    permission: "admin",
    schema: { tags, summary: "Remove a user with sessions and API keys", params: idParams, answers: { 204: null } },
    handler: async (request, reply) => {
      requireOther(request, "remove yourself");
      await accounts.removeUser(idOf(request));
      return reply.status(204).send();
    },
  });
}

function addReads(app: App, users: UserRoutesOptions["users"]): void {
  addRoute(app, {
    method: "GET",
    url: "/api/users",
    permission: "admin",
    schema: {
      tags,
      summary: "All users, newest first",
      querystring: usersQuery,
      answers: { 200: envelopeOf(userSchema) },
    },
    handler: async (request) => {
      const query = request.query as z.output<typeof usersQuery>;
      const page = pageOf(query);
      const filter: UserFilter = {
        ...(query.name !== undefined && { name: query.name }),
        ...(query.email !== undefined && { email: query.email }),
      };
      const found = await users.list({ ...filter, ...page });
      return envelope(found.map(userView), await users.count(filter), page);
    },
  });
  addRoute(app, {
    method: "GET",
    url: "/api/users/:id",
    permission: "admin",
    schema: { tags, summary: "One user", params: idParams, answers: { 200: userSchema } },
    handler: async (request) => userView(await users.get(idOf(request))),
  });
}

function idOf(request: FastifyRequest): string {
  return (request.params as z.output<typeof idParams>).id;
}

/** So that nobody locks the server's door from inside by a slip. @throws AppError `conflict` */
function requireOther(request: FastifyRequest, what: string): void {
  const actor = actorOf(request);
  if (actor.kind === "passkey" || actor.user.id !== idOf(request)) return;
  throw new AppError("conflict", `You can't ${what}.`, { remedy: "Ask another admin, or use the passkey." });
}
