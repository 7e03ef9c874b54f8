/** What processes cost: CPU time spent and memory held, read from the kernel. */

import { readdir, readFile } from "node:fs/promises";

/** Microseconds of CPU, user and system, that the processes have spent so far. */
export async function cpuMicros(pids: readonly number[]): Promise<number> {
  let total = 0;
  for (const pid of pids) total += await cpuOf(pid);
  return total;
}

async function cpuOf(pid: number): Promise<number> {
  // Nanoseconds on the processor, thread by thread: finer than the clock ticks of /proc/<pid>/stat.
  let nanos = 0;
  for (const thread of await readdir(`/proc/${pid}/task`))
    nanos += Number((await readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8")).split(" ")[0]);
  return nanos / 1000;
}

/** Proportional set size in bytes. */
export async function pssBytes(pid: number): Promise<number> {
  const kib = /^Pss:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1];
  return Number(kib) * 1024;
}

export function mib(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(0)} MiB`;
}
