/** What the commands about secrets share: whose secret the words name, and its value, read so that nobody else sees it. */

import { Option } from "commander";
import { MAX_SECRET_BYTES, requireSecretName } from "../domain/secret.ts";
import type { CliContext } from "./cli-context.ts";
import { UsageError } from "./exit-codes.ts";
import type { LocalOption } from "./local/use-workshop.ts";
import { askSecret, canAsk } from "./prompt.ts";

export type SecretOptions = { readonly allFunctions?: true; readonly project?: string } & LocalOption;

/** `function: undefined`: all functions of the project that ask for it. */
export type SecretRef = {
  readonly name: string;
  readonly function: string | undefined;
  readonly project: string | undefined;
};

export function allFunctionsOption(): Option {
  return new Option("--all-functions", "for all functions of the project that ask for it; then no FUNCTION is named");
}

/**
 * `FUNCTION SECRET`, or with --all-functions `SECRET` alone. @throws UsageError, also for a value in the command line;
 * AppError `invalid` for a name that can't be one
 */
export function secretRefOf(words: readonly string[], options: SecretOptions, verb: "set" | "delete"): SecretRef {
  const isForAll = options.allFunctions === true;
  const usage = isForAll ? `slipway secret ${verb} --all-functions SECRET` : `slipway secret ${verb} FUNCTION SECRET`;
  const wanted = isForAll ? 1 : 2;
  if (words.length > wanted && verb === "set") {
    throw new UsageError("A secret's value can't stand in the command line; nothing was sent.", {
      remedy: `Other users of this machine could read it there, and the shell remembers it. Pipe it in: printf %s "$VALUE" | ${usage}`,
    });
  }
  if (words.length !== wanted) throw new UsageError("Whose secret is meant?", { remedy: `Use: ${usage}` });
  if (isForAll && options.local === true)
    throw new UsageError("--all-functions needs a server, and -l uses none.", { remedy: "Name the function." });
  const [first = "", second = ""] = words;
  const name = isForAll ? first : second;
  requireSecretName(name);
  return { name, function: isForAll ? undefined : first, project: options.project };
}

/** For whom, in words. */
export function whose({ function: functionName, project }: Pick<SecretRef, "function" | "project">): string {
  const inProject = project === undefined ? "" : ` in project ${project}`;
  return `${functionName ?? "all functions"}${inProject}`;
}

/** The exact bytes of standard input; at a terminal, what is typed twice and not shown. @throws UsageError, Interrupted */
export async function readSecretValue({ name }: SecretRef, { deps, output }: CliContext): Promise<Uint8Array> {
  if (deps.stdin.isTTY === true) return typed(name, deps);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of deps.stdin) {
    const bytes = Buffer.from(chunk as Uint8Array);
    size += bytes.length;
    if (size > MAX_SECRET_BYTES)
      throw new UsageError(`The value has more than ${MAX_SECRET_BYTES} bytes; nothing was sent.`, {
        remedy: "Keep large files on a volume, and only the key to them in a secret.",
      });
    chunks.push(bytes);
  }
  const value = Buffer.concat(chunks);
  if (value.at(-1) === 10) output.note("The value ends with a newline, which is part of it; printf %s leaves it out.");
  return value;
}

async function typed(name: string, deps: CliContext["deps"]): Promise<Uint8Array> {
  if (!canAsk(deps))
    throw new UsageError("There is no terminal to ask for the value.", {
      remedy: "Pipe it in: slipway secret set FUNCTION SECRET < FILE",
    });
  const value = await askSecret(deps, `Value of ${name}`);
  if (value === "")
    throw new UsageError("Nothing was typed; nothing was sent.", {
      remedy: "An empty secret is set so: slipway secret set FUNCTION SECRET < /dev/null",
    });
  if ((await askSecret(deps, "The same again")) !== value)
    throw new UsageError("The two are not the same; nothing was sent.", { remedy: "Type it once more." });
  return Buffer.from(value);
}
