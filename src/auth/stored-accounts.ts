/** Accounts over the store: signing in and out, and the rules around it. Users, sessions and API keys have files of their own. */

import type { Accounts, AuthTokens, NewUser, UserPatch } from "../domain/accounts.ts";
import type { Actor } from "../domain/actor.ts";
import { AppError } from "../domain/errors.ts";
import type { Logger } from "../domain/logger.ts";
import type { Stores } from "../domain/stores.ts";
import { normalizeEmail, type User } from "../domain/user.ts";
import { ApiKeys } from "./api-keys.ts";
import type { LoginAttempt, LoginLimiter } from "./login-limiter.ts";
import { Sessions } from "./sessions.ts";
import { isToken } from "./tokens.ts";
import { Users, type UsersOptions } from "./users.ts";

export type StoredAccountsOptions = UsersOptions & {
  readonly limiter: LoginLimiter;
  readonly logger: Logger;
};

export class StoredAccounts implements Accounts {
  readonly #options: StoredAccountsOptions;
  readonly #sessions: Sessions;
  readonly #users: Users;
  readonly #apiKeys: ApiKeys;

  constructor(options: StoredAccountsOptions) {
    const { database, clock, logger } = options;
    this.#options = options;
    this.#sessions = new Sessions(database, clock);
    this.#users = new Users(options);
    this.#apiKeys = new ApiKeys(database.apiKeys, clock, logger);
  }

  async canRegister(): Promise<boolean> {
    return (await this.#options.database.users.count()) === 0;
  }

  async registerFirst(
    user: Omit<NewUser, "role">,
    isTokenGood: (tx: Pick<Stores, "settings">) => Promise<boolean>,
  ): Promise<{ readonly user: User; readonly tokens: AuthTokens }> {
    // Looked at again below: this spares the hashing.
    if (!(await this.canRegister())) throw closedError();
    const record = await this.#users.draft({ ...user, role: "admin" });
    const { tokens } = await this.#options.database.transact(async (tx) => {
      if ((await tx.users.count()) > 0) throw closedError();
      if (!(await isTokenGood(tx))) throw setupTokenError();
      await tx.users.create(record);
      return this.#sessions.open(tx, record.id);
    });
    this.#users.announce("user.created", record.id);
    return { user: record, tokens };
  }

  async logIn(email: string, password: string, from: string): Promise<AuthTokens> {
    const { database, limiter, passwords } = this.#options;
    const kept = normalizeEmail(email);
    const attempt = limiter.begin(kept, from);
    const user = await database.users.findByEmail(kept).catch(withdrawing(attempt));
    const isRight = await passwords.verify(password, user?.passwordHash).catch(withdrawing(attempt));
    if (user === undefined || !isRight) throw wrongError();
    attempt.succeed();
    const { tokens } = await database.transact(async (tx) => {
      // Between the look and now the user may have gone, or the password been changed.
      if ((await tx.users.find(user.id))?.passwordHash !== user.passwordHash) throw wrongError();
      return this.#sessions.open(tx, user.id);
    });
    return tokens;
  }

  refresh(refreshToken: string, onReplay: (user: User) => void = () => undefined): Promise<AuthTokens> {
    return this.#sessions.refresh(refreshToken, (user) => {
      this.#options.logger.warn({ userId: user.id }, "a used refresh token came back: its session was ended");
      onReplay(user);
    });
  }

  logOutAll(userId: string): Promise<void> {
    return this.#options.database.sessions.removeAllOf(userId);
  }

  async identify(token: string): Promise<Exclude<Actor, { kind: "passkey" }> | undefined> {
    if (!isToken(token)) return undefined;
    const { users } = this.#options.database;
    const session = await this.#sessions.find(token);
    const owner = session ?? (await this.#apiKeys.find(token));
    const user = owner === undefined ? undefined : await users.find(owner.userId);
    if (user === undefined) return undefined;
    if (session === undefined) return { kind: "api_key", role: user.role, user };
    return { kind: "session", role: user.role, user, sessionId: session.id };
  }

  async findSession(sessionId: string): Promise<Extract<Actor, { kind: "session" }> | undefined> {
    const { database, clock } = this.#options;
    const session = await database.sessions.find(sessionId);
    const user = session === undefined ? undefined : await database.users.find(session.userId);
    if (session === undefined || user === undefined || session.refreshExpiresAt <= clock.now()) return undefined;
    return { kind: "session", role: user.role, user, sessionId };
  }

  async updateProfile(
    userId: string,
    patch: Parameters<Accounts["updateProfile"]>[1],
    keptSessionId?: string,
  ): Promise<User> {
    const { email, name, newPassword, currentPassword } = patch;
    if (newPassword !== undefined) await this.#requirePassword(userId, currentPassword);
    const changes = { email, name, password: newPassword };
    return this.#users.update(userId, changes, keptSessionId).catch((error: unknown) => {
      throw namingNewPassword(error);
    });
  }

  createUser(user: NewUser): Promise<User> {
    return this.#users.create(user);
  }

  updateUser(id: string, patch: UserPatch): Promise<User> {
    return this.#users.update(id, patch);
  }

  removeUser(id: string): Promise<void> {
    return this.#users.remove(id);
  }

  createApiKey(userId: string, key: { readonly description: string; readonly expiresAt: number | null }) {
    return this.#apiKeys.create(userId, key);
  }

  listApiKeys(userId: string) {
    return this.#apiKeys.list(userId);
  }

  removeApiKey(userId: string, id: string): Promise<void> {
    return this.#apiKeys.remove(userId, id);
  }

  /** Guessing it with a stolen session is slowed as signing in is. @throws AppError `unprocessable`, `too_many_requests` */
  async #requirePassword(userId: string, password: string | undefined): Promise<void> {
    const { database, limiter, passwords } = this.#options;
    const wrong = (text: string) =>
      new AppError("unprocessable", "Validation failed.", { fields: { current_password: [text] } });
    if (password === undefined) throw wrong("is needed to set a new password.");
    const { passwordHash } = await database.users.get(userId);
    const attempt = limiter.begin(userId, userId);
    if (!(await passwords.verify(password, passwordHash).catch(withdrawing(attempt)))) throw wrong("is wrong.");
    attempt.succeed();
  }
}

/** What failed without being the password's fault does not count. */
function withdrawing(attempt: LoginAttempt): (error: unknown) => never {
  return (error) => {
    attempt.withdraw();
    throw error;
  };
}

function wrongError(): AppError {
  return new AppError("unauthorized", "Invalid email or password.");
}

function closedError(): AppError {
  return new AppError("conflict", "Registration is closed.", {
    remedy: "An admin of this server can add you: slipway user create EMAIL.",
  });
}

function setupTokenError(): AppError {
  return new AppError("unauthorized", "That setup token is wrong or was used already.", {
    remedy:
      "It is the passkey in ~/.passfile on the server's machine, or the one-time token it printed at its first start.",
  });
}

/** In a profile the field is called otherwise. */
function namingNewPassword(error: unknown): unknown {
  if (!(error instanceof AppError) || error.fields?.password === undefined) return error;
  const { password, ...others } = error.fields;
  return new AppError(error.code, error.message, { cause: error, fields: { ...others, new_password: password } });
}
