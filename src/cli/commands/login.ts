/** `slipway login`: stores a server's address and a token, once the server has accepted the token. */

import { Command } from "commander";
import { AppError, isAppError } from "../../domain/errors.ts";
import { ApiClient } from "../api-client.ts";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { credentialsPath, saveCredentials } from "../credentials.ts";
import { UsageError } from "../exit-codes.ts";
import { localUrl, parseServerUrl } from "../find-server.ts";
import { askSecret, canAsk, readStdin } from "../prompt.ts";

export function createLoginCommand(context: CliContext): Command {
  const command = new Command()
    .argument("[url]", "address of the server (default: SLIPWAY_URL, else the one on this machine)")
    .option("--token-stdin", "read the token from standard input instead of asking for it")
    .action(async (typed: string | undefined, options: { readonly tokenStdin?: true }) => {
      const { env } = context.deps;
      const url = typed || env.SLIPWAY_URL ? parseServerUrl(typed || (env.SLIPWAY_URL ?? "")) : localUrl(env);
      const token = await readToken(url, options.tokenStdin === true, context);
      await logIn(url, token, context);
    });
  return withExamples(command, [
    ["slipway login https://slipway.example.com", "asks for the passkey or a token"],
    ["slipway login --token-stdin < ~/.passfile", "without a question"],
  ]);
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
