/** What the commands with `-l` share: the option itself, the workshop for one command, and progress in its words. */

import { Option } from "commander";
import type { LocalProgress, Workshop } from "../../domain/workshop.ts";
import type { CliContext } from "../cli-context.ts";
import { UsageError } from "../exit-codes.ts";
import type { Progress } from "../progress.ts";

export type LocalOption = { readonly local?: true };

/** `-l`: what this command does is done on the local engine. */
export function localOption(): Option {
  return new Option("-l, --local", "on this machine's own engine, no server needed");
}

/** Opens the workshop for `work` and closes it after, also at Ctrl-C: what it keeps in temporary folders goes. */
export async function useWorkshop<T>(context: CliContext, work: (workshop: Workshop) => Promise<T>): Promise<T> {
  const { signal } = context;
  const workshop = await context.deps.openWorkshop();
  try {
    signal.throwIfAborted();
    return await work(workshop);
  } finally {
    await workshop.close();
  }
}

export function localProgress(progress: Progress): LocalProgress {
  return { onStep: (text) => progress.step(text), onLog: (text) => progress.lines(text) };
}

/** Flags that only a server understands. @throws UsageError naming the first one that was given */
export function refuseWithLocal(
  options: Readonly<Record<string, unknown>>,
  flags: Readonly<Record<string, unknown>>,
): void {
  for (const [name, untouched] of Object.entries(flags)) {
    if (options[name] === untouched || options[name] === undefined) continue;
    const flag = options[name] === false ? `--no-${name}` : `--${name}`;
    throw new UsageError(`${flag} needs a server, and -l uses none.`, { remedy: `Leave out ${flag} or -l.` });
  }
}
