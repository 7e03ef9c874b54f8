/** `slipway login`: stores a server's address and a token, once the server has accepted the token. */

import { hostname } from "node:os";
import { Command } from "commander";
import { AppError, isAppError } from "../../domain/errors.ts";
import { ApiClient } from "../api-client.ts";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { credentialsPath, saveCredentials } from "../credentials.ts";
import { UsageError } from "../exit-codes.ts";
import { localUrl, parseServerUrl } from "../find-server.ts";
import { askSecret, canAsk, readStdin } from "../prompt.ts";

type LoginOptions = { readonly tokenStdin?: true; readonly email?: string; readonly passwordStdin?: true };

const MAX_DESCRIPTION_LENGTH = 200;

export function createLoginCommand(context: CliContext): Command {
  const command = new Command()
    .argument("[url]", "address of the server (default: SLIPWAY_URL, else the one on this machine)")
    .option("--token-stdin", "read the token from standard input instead of asking for it")
    .option("--email <email>", "sign in as a user: asks for the password, stores an API key made for this machine")
    .option("--password-stdin", "with --email: read the password from standard input")
    .action(async (typed: string | undefined, options: LoginOptions) => {
      const { env } = context.deps;
      const url = typed || env.SLIPWAY_URL ? parseServerUrl(typed || (env.SLIPWAY_URL ?? "")) : localUrl(env);
      await logIn(url, await tokenFor(url, options, context), context);
    });
  return withExamples(command, [
    ["slipway login https://slipway.example.com", "asks for the passkey or a token"],
    ["slipway login --token-stdin < ~/.passfile", "without a question"],
    ["slipway login https://slipway.example.com --email ann@example.com", "as a user"],
  ]);
}

async function tokenFor(url: string, options: LoginOptions, context: CliContext): Promise<string> {
  const { email, tokenStdin = false, passwordStdin = false } = options;
  if (email === undefined && !passwordStdin) return readToken(url, tokenStdin, context);
  if (email === undefined) throw new UsageError("--password-stdin goes with --email.");
  if (tokenStdin) throw new UsageError("Give --email or --token-stdin, not both.");
  return signIn(url, email, await readUserPassword(url, email, passwordStdin, context));
}

/** Access tokens live for minutes: what is kept is an API key of the user, which can be taken back. */
async function signIn(url: string, email: string, password: string): Promise<string> {
  const { access_token: access } = await new ApiClient(url, undefined).people
    .logIn(email, password)
    .catch((error: unknown) => {
      if (!isAppError(error, "unauthorized")) throw error;
      const remedy = "An admin can set a new password: slipway user update EMAIL --new-password";
      throw new AppError("unauthorized", `${error.message} Nothing was stored.`, { cause: error, remedy });
    });
  const description = `slipway login on ${hostname()}`.slice(0, MAX_DESCRIPTION_LENGTH);
  return (await new ApiClient(url, access).people.createApiKey(description, null)).token;
}

async function readUserPassword(url: string, email: string, isOnStdin: boolean, { deps }: CliContext): Promise<string> {
  if (!isOnStdin && !canAsk(deps)) {
    throw new UsageError("There is no terminal to ask for the password.", {
      remedy: `Hand it over: slipway login ${url} --email ${email} --password-stdin < FILE`,
    });
  }
  const password = isOnStdin ? await readStdin(deps) : await askSecret(deps, `Password of ${email} at ${url}`);
  if (password === "") throw new UsageError("The password is empty.");
  return password;
}

/** Checks the token, then stores both. @throws AppError `unauthorized` with nothing stored, `unavailable`, … */
export async function logIn(url: string, token: string, { deps, output }: CliContext): Promise<void> {
  const info = await checkToken(url, token);
  await saveCredentials(deps, { url, token });
  const path = credentialsPath(deps);
  output.result({ url, version: info.version, stored: path }, `Logged in to ${url} (slipway ${info.version}).`);
}

async function checkToken(url: string, token: string): Promise<{ readonly version: string }> {
  try {
    return await new ApiClient(url, token).info();
  } catch (error) {
    if (!isAppError(error, "unauthorized")) throw error;
    throw new AppError("unauthorized", `${url} does not accept this token; nothing was stored.`, {
      cause: error,
      remedy: "The passkey is in ~/.passfile on the server's machine.",
    });
  }
}

async function readToken(url: string, isOnStdin: boolean, { deps }: CliContext): Promise<string> {
  if (!isOnStdin && !canAsk(deps)) {
    throw new UsageError("There is no terminal to ask for the token.", {
      remedy: `Hand it over: slipway login ${url} --token-stdin < FILE`,
    });
  }
  const token = isOnStdin ? await readStdin(deps) : (await askSecret(deps, `Passkey or token for ${url}`)).trim();
  if (token === "") throw new UsageError("The token is empty.", { remedy: "Hand over the server's passkey." });
  return token;
}
