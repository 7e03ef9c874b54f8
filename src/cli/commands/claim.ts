/**
 * `slipway claim`: takes over a server that was just set up. With the one-time token that the server printed; on the
 * server's own machine without it, since whoever may read the passfile is its admin.
 */

import { Command } from "commander";
import { AppError } from "../../domain/errors.ts";
import { ApiClient } from "../api-client.ts";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { UsageError } from "../exit-codes.ts";
import { localUrl, parseServerUrl, readPassfile } from "../find-server.ts";
import { readStdin } from "../prompt.ts";
import { logIn } from "./login.ts";

type ClaimOptions = { readonly tokenStdin?: true; readonly token?: string };

export function createClaimCommand(context: CliContext): Command {
  const command = new Command()
    .argument("[url]", "address of the server, or the whole claim address it printed (default: this machine)")
    .option("--token-stdin", "read the one-time token from standard input")
    .option("--token <token>", "the one-time token; others on this machine can see it while the command runs")
    .action(async (typed: string | undefined, options: ClaimOptions) => {
      const url = typed === undefined ? localUrl(context.deps.env) : parseServerUrl(typed);
      const setupToken = await findSetupToken(typed, options, context);
      const token = setupToken === undefined ? await localPasskey(url, context) : await trade(url, setupToken);
      await logIn(url, token, context);
    });
  return withExamples(command, [
    ["slipway claim", "on the server's machine"],
    ["slipway claim 'http://203.0.113.7:8080/setup?token=…'", "the address the server printed at its first start"],
    ["slipway claim https://slipway.example.com --token-stdin", "the token typed or piped in"],
  ]);
}

async function trade(url: string, setupToken: string): Promise<string> {
  return (await new ApiClient(url, undefined).claim(setupToken)).token;
}

async function findSetupToken(
  typed: string | undefined,
  options: ClaimOptions,
  { deps }: CliContext,
): Promise<string | undefined> {
  if (options.token !== undefined && options.tokenStdin === true)
    throw new UsageError("Give --token or --token-stdin, not both.");
  const token = options.tokenStdin === true ? await readStdin(deps) : options.token;
  if (token === "")
    throw new UsageError("The token is empty.", { remedy: "The server printed it at its first start." });
  return token ?? (typed !== undefined && URL.canParse(typed) ? tokenInUrl(typed) : undefined);
}

function tokenInUrl(url: string): string | undefined {
  return new URL(url).searchParams.get("token") ?? undefined;
}

/** The passkey goes to the server on this machine and to no other. */
async function localPasskey(url: string, { deps }: CliContext): Promise<string> {
  const isLocal = ["127.0.0.1", "localhost", "[::1]"].includes(new URL(url).hostname);
  const passkey = isLocal ? await readPassfile(deps) : undefined;
  if (passkey !== undefined) return passkey;
  throw new AppError("unauthorized", `Claiming ${url} takes the one-time token that the server printed.`, {
    remedy: isLocal
      ? "Run this as the user the server runs as, or add --token-stdin."
      : `Hand it over: slipway claim ${url} --token-stdin`,
  });
}
