/** Questions to the person at the terminal, asked on standard error so that standard output stays the result. */

import type { CliDeps } from "./cli-deps.ts";
import { Interrupted } from "./exit-codes.ts";

type Terminal = Pick<CliDeps, "stdin" | "stderr">;

export function canAsk({ stdin, stderr }: Terminal): boolean {
  return stdin.isTTY === true && stderr.isTTY === true;
}

/** What is typed is not shown. @throws Interrupted */
export async function askSecret(terminal: Terminal, message: string): Promise<string> {
  const { isCancel, password } = await import("@clack/prompts");
  const answer = await password({ message, input: terminal.stdin, output: terminal.stderr });
  if (isCancel(answer)) throw new Interrupted();
  return answer;
}

/** @throws Interrupted */
export async function askText(terminal: Terminal, message: string): Promise<string> {
  const { isCancel, text } = await import("@clack/prompts");
  const answer = await text({ message, input: terminal.stdin, output: terminal.stderr });
  if (isCancel(answer)) throw new Interrupted();
  return answer;
}

/** One of several; `hint` stands beside the one under the cursor. @throws Interrupted */
export async function askChoice(
  terminal: Terminal,
  message: string,
  choices: readonly { readonly value: string; readonly hint: string }[],
): Promise<string> {
  const { isCancel, select } = await import("@clack/prompts");
  const options = choices.map(({ value, hint }) => ({ value, label: value, hint }));
  const answer = await select({ message, options, input: terminal.stdin, output: terminal.stderr });
  if (isCancel(answer)) throw new Interrupted();
  return answer;
}

/** "No" is what Enter means. @throws Interrupted */
export async function askYesNo(terminal: Terminal, message: string): Promise<boolean> {
  const { confirm, isCancel } = await import("@clack/prompts");
  const answer = await confirm({ message, initialValue: false, input: terminal.stdin, output: terminal.stderr });
  if (isCancel(answer)) throw new Interrupted();
  return answer;
}

/** Everything on standard input, without white space around it. */
export async function readStdin(deps: Pick<CliDeps, "stdin">): Promise<string> {
  return (await readWholeStdin(deps)).trim();
}

/** As it is. */
export async function readWholeStdin({ stdin }: Pick<CliDeps, "stdin">): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}
