/**
 * Where templates are rendered: a thread of its own with a limit of time and memory, since a template may come from
 * somebody who means no good, and a loop in it would hold up everything else.
 */

import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { RuntimeOptions } from "../domain/runtime.ts";

export type RenderJob = {
  readonly file: string;
  readonly text: string;
  readonly context: { readonly name: string; readonly runtime: string; readonly options: RuntimeOptions };
};

export type RenderAnswer =
  | { readonly rendered: string }
  | { readonly fault: { readonly line?: number; readonly words: string } };

/** A template takes some milliseconds. */
const LONGEST_MS = 2_000;
const MEMORY_MB = 96;
/** How long it waits for another template until it ends. */
const IDLE_MS = 5_000;

let thread: Worker | undefined;
let idle: NodeJS.Timeout | undefined;
let last: Promise<unknown> = Promise.resolve();

/** One after the other. Rejects only for what is nobody's template's fault. */
export function renderApart(job: RenderJob): Promise<RenderAnswer> {
  const answer = last.then(() => render(job));
  last = answer.catch(() => undefined);
  return answer;
}

function render(job: RenderJob): Promise<RenderAnswer> {
  clearTimeout(idle);
  thread ??= start();
  const worker = thread;
  worker.ref();
  return new Promise<RenderAnswer>((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const finish = (end: () => void, isLost: boolean): void => {
      clearTimeout(timer);
      // Not all of them at once: the thread has listeners of its own.
      for (const event of ["message", "error", "exit"]) worker.removeAllListeners(event);
      // What goes wrong while it is being ended concerns nobody.
      worker.on("error", () => undefined);
      if (isLost) discard(worker);
      else rest(worker);
      end();
    };
    worker.on("message", (message: "started" | RenderAnswer) => {
      if (message !== "started") return finish(() => resolve(message), false);
      const words = `takes longer than ${LONGEST_MS / 1000} s`;
      timer = setTimeout(() => finish(() => resolve({ fault: { words } }), true), LONGEST_MS);
    });
    worker.on("error", (error: Error & { readonly code?: string }) => {
      const isMemory = error.code === "ERR_WORKER_OUT_OF_MEMORY";
      const words = `takes more than ${MEMORY_MB} MiB of memory`;
      finish(() => (isMemory ? resolve({ fault: { words } }) : reject(error)), true);
    });
    worker.on("exit", (code) => finish(() => reject(new Error(`the rendering thread ended with ${code}`)), true));
    worker.postMessage(job);
  });
}

function start(): Worker {
  const file = new URL(`./render-worker${extname(import.meta.filename)}`, import.meta.url);
  return new Worker(file, { resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB, maxYoungGenerationSizeMb: 16 } });
}

/** Keeps no process alive while it has nothing to do. */
function rest(worker: Worker): void {
  worker.unref();
  idle = setTimeout(() => discard(worker), IDLE_MS).unref();
}

function discard(worker: Worker): void {
  if (thread === worker) thread = undefined;
  worker.unref();
  void worker.terminate();
}
