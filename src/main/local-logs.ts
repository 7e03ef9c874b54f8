/** The logs of all containers of a local function in one stream; new containers are picked up while following. */

import type { DockerLocalContainers, LocalContainer } from "../docker/local-containers.ts";
import { isAppError } from "../domain/errors.ts";
import type { LocalLogLine } from "../domain/workshop.ts";
import { MergedStream } from "../lib/merged-stream.ts";

/** Lines of past output, when all of it is wanted. */
const WHOLE_LOG = 100_000;

export async function* readLocalLogs(
  containers: DockerLocalContainers,
  functionName: string,
  options: { readonly tail: number; readonly follow: boolean },
  signal: AbortSignal,
): AsyncGenerator<LocalLogLine> {
  if (!options.follow) {
    for (const container of await list(containers, functionName))
      yield* linesOf(containers, container, options, signal);
    return;
  }
  const merged = new MergedStream<LocalLogLine>(signal);
  const followed = new Set<string>();
  const followNew = async (tail: number): Promise<void> => {
    for (const container of await list(containers, functionName)) {
      if (followed.has(container.id) || !container.isRunning) continue;
      followed.add(container.id);
      merged.add(linesOf(containers, container, { tail, follow: true }, signal));
    }
  };
  const sinceMs = Date.now();
  await followNew(options.tail);
  const followEvents = async (): Promise<void> => {
    for await (const event of containers.watch(functionName, sinceMs, signal)) {
      if (event === "start") await followNew(WHOLE_LOG);
    }
  };
  merged.keepOpenFor(followEvents());
  yield* merged;
}

async function list(containers: DockerLocalContainers, functionName: string): Promise<readonly LocalContainer[]> {
  return (await containers.list(functionName)).filter(({ purpose }) => purpose === "up");
}

async function* linesOf(
  containers: DockerLocalContainers,
  { id, name }: LocalContainer,
  { tail, follow }: { readonly tail: number; readonly follow: boolean },
  signal: AbortSignal,
): AsyncGenerator<LocalLogLine> {
  try {
    for await (const { stream, line, at } of containers.logs(id, { tail: tail, follow }, signal)) {
      yield { instance: name, stream, line, at };
    }
  } catch (error) {
    // Removed while it was read: it has said all it will.
    if (!isAppError(error, "not_found") && !isAppError(error, "conflict")) throw error;
  }
}
