/** Reads a file that a command was given, `-` for standard input. */

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { CliDeps } from "./cli-deps.ts";
import { UsageError } from "./exit-codes.ts";
import { readWholeStdin } from "./prompt.ts";

export type GivenText = {
  readonly text: string;
  /** What messages call it. */
  readonly name: string;
};

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "it is not yours to read",
};

/** @throws UsageError with `remedy` */
export async function readText(
  typed: string,
  deps: Pick<CliDeps, "stdin" | "cwd">,
  remedy: string,
): Promise<GivenText> {
  if (typed === "-") return { text: await readWholeStdin(deps), name: "stdin" };
  try {
    return { text: await readFile(resolve(deps.cwd, typed), "utf8"), name: typed };
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? REASONS[String(cause.code)] : undefined;
    throw new UsageError(`${typed} can't be read${reason === undefined ? "" : `: ${reason}`}.`, { cause, remedy });
  }
}
