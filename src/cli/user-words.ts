/** What the commands about users have in common: whom is meant, and which password is to be set. */

import { randomBytes } from "node:crypto";
import { Option } from "commander";
import { AppError } from "../domain/errors.ts";
import { normalizeEmail, ROLES } from "../domain/user.ts";
import { nearest } from "../lib/nearest.ts";
import type { ApiClient } from "./api-client.ts";
import type { CliContext } from "./cli-context.ts";
import { UsageError } from "./exit-codes.ts";
import type { UserView } from "./people-client.ts";
import { readStdin } from "./prompt.ts";

/** 24 letters, digits, `-` and `_`. */
const GENERATED_BYTES = 18;

export function roleOption(): Option {
  return new Option("--role <role>", "what the user may do").choices([...ROLES]);
}

/** The user with that e-mail or id. @throws AppError `not_found` with the nearest e-mail there is */
export async function findUser(client: ApiClient, typed: string): Promise<UserView> {
  const all = await client.people.listUsers();
  const email = normalizeEmail(typed);
  const found = all.find((user) => user.email === email || user.id === typed);
  if (found !== undefined) return found;
  const near = nearest(
    email,
    all.map((user) => user.email),
  );
  throw new AppError("not_found", `There is no user ${typed}.${near === undefined ? "" : ` Did you mean ${near}?`}`, {
    remedy: "`slipway user list` shows who there is.",
  });
}

/** A password nobody has to think of. */
export function generatePassword(): string {
  return randomBytes(GENERATED_BYTES).toString("base64url");
}

/** What stands on standard input. @throws UsageError when that is nothing */
export async function readPassword({ deps }: CliContext): Promise<string> {
  const password = await readStdin(deps);
  if (password === "")
    throw new UsageError("The password is empty.", { remedy: "Pipe it in: … --password-stdin < FILE" });
  return password;
}
