/** People of a bench: signed in, or with a key. */

import type { Accounts } from "../../src/domain/accounts.ts";
import type { Role } from "../../src/domain/user.ts";

let lastPerson = 0;

export async function signedIn(accounts: Accounts, role: Role): Promise<string> {
  lastPerson += 1;
  const user = {
    email: `person-${lastPerson}@example.com`,
    name: `Person ${lastPerson}`,
    password: "correct horse",
    role,
  };
  await accounts.createUser(user);
  return (await accounts.logIn(user.email, user.password, "127.0.0.1")).accessToken;
}

export async function apiKeyOf(accounts: Accounts, accessToken: string): Promise<string> {
  const actor = await accounts.identify(accessToken);
  if (actor === undefined) throw new Error("this access token is nobody's");
  return (await accounts.createApiKey(actor.user.id, { description: "of this test", expiresAt: null })).token;
}
