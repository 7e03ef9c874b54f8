/** Signing in, sessions, API keys and users, as the API asks for them. Implemented in src/auth/. */

import type { Actor } from "./actor.ts";
import type { ApiKey } from "./api-key.ts";
import type { Stores } from "./stores.ts";
import type { Role, User } from "./user.ts";

export type AuthTokens = {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** When the access token ends, ms since the epoch. */
  readonly expiresAt: number;
};

export type NewUser = { readonly email: string; readonly name: string; readonly password: string; readonly role: Role };
export type UserPatch = { readonly [K in keyof NewUser]?: NewUser[K] | undefined };

export interface Accounts {
  /** True while there are no users. */
  canRegister(): Promise<boolean>;
  /**
   * The first user, an admin, signed in. `isTokenGood` redeems the setup token within the transaction that makes the user;
   * it is asked only when all else is right.
   * @throws AppError `conflict` (registration is closed), `unauthorized` (setup token), `unprocessable` by field
   */
  registerFirst(
    user: Omit<NewUser, "role">,
    isTokenGood: (tx: Pick<Stores, "settings">) => Promise<boolean>,
  ): Promise<{ readonly user: User; readonly tokens: AuthTokens }>;
  /**
   * @param from IP address, for the limiter
   * @throws AppError `unauthorized` with one message for unknown e-mail and wrong password, `too_many_requests`
   */
  logIn(email: string, password: string, from: string): Promise<AuthTokens>;
  /**
   * New tokens for the session. One that was used before ends it: `onReplay` hears whose it was.
   * @throws AppError `unauthorized`
   */
  refresh(refreshToken: string, onReplay?: (user: User) => void): Promise<AuthTokens>;
  /** Ends all sessions of the user. */
  logOutAll(userId: string): Promise<void>;
  /** Who an access token or API key stands for; undefined when it is neither or has expired. */
  identify(token: string): Promise<Exclude<Actor, { kind: "passkey" }> | undefined>;
  /** Who a session stands for as long as it can be refreshed: for connections that outlive an access token. */
  findSession(sessionId: string): Promise<Extract<Actor, { kind: "session" }> | undefined>;
  /**
   * The user's own data. A new password ends all sessions but `keptSessionId`.
   * @throws AppError `unprocessable` by field, `conflict` (e-mail)
   */
  updateProfile(
    userId: string,
    patch: {
      readonly email?: string | undefined;
      readonly name?: string | undefined;
      readonly newPassword?: string | undefined;
      readonly currentPassword?: string | undefined;
    },
    keptSessionId?: string,
  ): Promise<User>;
  /** @throws AppError `unprocessable` by field, `conflict` (e-mail) */
  createUser(user: NewUser): Promise<User>;
  /** A changed password or role ends the user's sessions. @throws AppError `not_found`, `unprocessable`, `conflict` (e-mail; the last admin's role) */
  updateUser(id: string, patch: UserPatch): Promise<User>;
  /** @throws AppError `not_found`, `conflict` for the last admin */
  removeUser(id: string): Promise<void>;
  /** The token is shown only now. @throws AppError `unprocessable` */
  createApiKey(
    userId: string,
    key: { readonly description: string; readonly expiresAt: number | null },
  ): Promise<{ readonly key: ApiKey; readonly token: string }>;
  listApiKeys(userId: string): Promise<readonly ApiKey[]>;
  /** @throws AppError `not_found`, also for another user's */
  removeApiKey(userId: string, id: string): Promise<void>;
}
