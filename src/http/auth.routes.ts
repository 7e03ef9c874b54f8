/** `/api/auth` (reference 1.5, 1.6): the first user, signing in and out, and the own profile. Bearer tokens, no cookies. */

import { z } from "zod";
import type { Accounts } from "../domain/accounts.ts";
import type { Actor } from "../domain/actor.ts";
import { AppError } from "../domain/errors.ts";
import type { SetupToken } from "../domain/setup-token.ts";
import { MAX_EMAIL_LENGTH, MAX_PASSWORD_LENGTH, type User } from "../domain/user.ts";
import {
  emailField,
  meSchema,
  meView,
  nameField,
  passwordField,
  tokensSchema,
  tokensView,
  userSchema,
  userView,
} from "./account-views.ts";
import { type App, addRoute } from "./app.ts";
import { actorOf, type Credentials } from "./authorize.ts";
import { clientAddress } from "./client-address.ts";

export type AuthRoutesOptions = {
  readonly accounts: Accounts;
  readonly credentials: Credentials;
  readonly setupToken: SetupToken;
};

const tags = ["auth"];

const registerBody = z.strictObject({
  email: emailField,
  name: nameField,
  password: passwordField,
  setup_token: z.string().max(200).describe("The passkey, or the one-time token of the claim address"),
});
/** Longer ones are nobody's; the login limiter remembers what it is given. Room for spaces around the e-mail. */
const loginBody = z.strictObject({
  email: z.string().max(MAX_EMAIL_LENGTH + 46),
  password: z.string().max(MAX_PASSWORD_LENGTH),
});
const refreshBody = z.strictObject({ refresh_token: z.string() });
const profileBody = z.strictObject({
  email: emailField.optional(),
  name: nameField.optional(),
  new_password: passwordField.optional(),
  current_password: z.string().max(MAX_PASSWORD_LENGTH).optional().describe("Needed only with new_password"),
});

export function authRoutes(app: App, options: AuthRoutesOptions): void {
  addRegister(app, options);
  addSignIn(app, options.accounts);
  addProfile(app, options.accounts);
}

function addRegister(app: App, { accounts, credentials, setupToken }: AuthRoutesOptions): void {
  addRoute(app, {
    method: "GET",
    url: "/api/auth/register",
    permission: "public",
    schema: {
      tags,
      summary: "Is there no user yet?",
      answers: { 200: z.strictObject({ can_register: z.boolean() }) },
    },
    handler: async () => ({ can_register: await accounts.canRegister() }),
  });
  addRoute(app, {
    method: "POST",
    url: "/api/auth/register",
    permission: "public",
    schema: {
      tags,
      summary: "Become the first user, an admin; 409 once there is one",
      body: registerBody,
      answers: { 201: z.strictObject({ user: userSchema, tokens: tokensSchema }) },
    },
    handler: async (request, reply) => {
      const { setup_token: token, ...user } = request.body as z.output<typeof registerBody>;
      request.triedAs = user.email;
      const isPasskey = await credentials.admits(token);
      const made = await accounts.registerFirst(
        user,
        async ({ settings }) => isPasskey || (await setupToken.redeem(token, settings)),
      );
      request.actor = await credentials.identify(made.tokens.accessToken);
      return reply.status(201).send({ user: userView(made.user), tokens: tokensView(made.tokens) });
    },
  });
}

function addSignIn(app: App, accounts: Accounts): void {
  addRoute(app, {
    method: "POST",
    url: "/api/auth/login",
    permission: "public",
    schema: {
      tags,
      summary: "Sign in; 429 with Retry-After after 5 failures for an e-mail or 20 from an address in 15 minutes",
      body: loginBody,
      answers: { 200: tokensSchema },
    },
    handler: async (request) => {
      const { email, password } = request.body as z.output<typeof loginBody>;
      request.triedAs = email;
      const tokens = await accounts.logIn(email, password, clientAddress(request));
      request.actor = await accounts.identify(tokens.accessToken);
      return tokensView(tokens);
    },
  });
  addRoute(app, {
    method: "POST",
    url: "/api/auth/refresh",
    permission: "public",
    schema: {
      tags,
      summary: "New tokens for old; the old ones are dead, and showing one again ends the session",
      body: refreshBody,
      answers: { 200: tokensSchema },
    },
    handler: async (request) => {
      const { refresh_token: token } = request.body as z.output<typeof refreshBody>;
      const tokens = await accounts.refresh(token, ({ email }) => {
        request.triedAs = email;
      });
      request.actor = await accounts.identify(tokens.accessToken);
      return tokensView(tokens);
    },
  });
  addRoute(app, {
    method: "POST",
    url: "/api/auth/logout",
    permission: "member",
    schema: { tags, summary: "End all sessions of the user; API keys stay", answers: { 204: null } },
    handler: async (request, reply) => {
      const actor = actorOf(request);
      if (actor.kind !== "passkey") await accounts.logOutAll(actor.user.id);
      return reply.status(204).send();
    },
  });
}

function addProfile(app: App, accounts: Accounts): void {
  addRoute(app, {
    method: "GET",
    url: "/api/auth/me",
    permission: "member",
    schema: { tags, summary: "Who the credential stands for", answers: { 200: meSchema } },
    handler: async (request) => meView(actorOf(request)),
  });
  addRoute(app, {
    method: "PATCH",
    url: "/api/auth/profile",
    permission: "member",
    schema: {
      tags,
      summary: "Change the own data; a new password ends all other sessions",
      body: profileBody,
      answers: { 200: userSchema },
    },
    handler: async (request) => {
      const actor = actorOf(request);
      const body = request.body as z.output<typeof profileBody>;
      const patch = {
        email: body.email,
        name: body.name,
        newPassword: body.new_password,
        currentPassword: body.current_password,
      };
      const keptSession = actor.kind === "session" ? actor.sessionId : undefined;
      return userView(await accounts.updateProfile(requireUser(actor).id, patch, keptSession));
    },
  });
}

/** The user behind the credential. @throws AppError `forbidden` for the passkey */
export function requireUser(actor: Actor): User {
  if (actor.kind !== "passkey") return actor.user;
  throw new AppError("forbidden", "The passkey is no user.", {
    remedy: "Sign in as a user: slipway login --email EMAIL.",
  });
}
