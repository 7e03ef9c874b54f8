/**
 * The machine, from the kernel's own files: memory, swap, disks. No program is started for it (the usual libraries run
 * `df` and others through a shell), and nothing here takes longer than a millisecond.
 */

import { readFile, statfs } from "node:fs/promises";
import { totalmem } from "node:os";
import type { SystemStatus, Usage } from "../domain/system.ts";

export type Memory = { readonly memory: Usage; readonly swap: Usage };

/** @param text of /proc/meminfo. What can be given back at once (caches) counts as free. */
export function parseMemory(text: string): Memory {
  const bytes = (name: string): number => {
    const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text);
    return match === null ? 0 : Number(match[1]) * 1024;
  };
  const total = bytes("MemTotal") || totalmem();
  return {
    memory: usageOf(total, total - bytes("MemAvailable")),
    swap: usageOf(bytes("SwapTotal"), bytes("SwapTotal") - bytes("SwapFree")),
  };
}

export async function readMemory(): Promise<Memory> {
  return parseMemory(await readFile("/proc/meminfo", "utf8"));
}

/**
 * The file system a path is on: the longest mount point above it.
 * @param text of /proc/self/mountinfo
 */
export function mountPointOf(path: string, text: string): string {
  const points = text
    .split("\n")
    .map((line) => unescapeOctal(line.split(" ")[4] ?? ""))
    .filter((point) => point === "/" || path === point || path.startsWith(`${point}/`));
  return points.reduce((longest, point) => (point.length > longest.length ? point : longest), "/");
}

/** Those file systems, each once; one that can't be looked at is left out. */
export async function readDisks(paths: readonly string[]): Promise<SystemStatus["host"]["disks"]> {
  const mounts = await readFile("/proc/self/mountinfo", "utf8");
  const points = new Set(paths.map((path) => mountPointOf(path, mounts)));
  const disks = await Promise.all(
    [...points].map(async (mountpoint) => {
      const found = await statfs(mountpoint).catch(() => undefined);
      if (found === undefined) return [];
      const { blocks, bfree, bavail, bsize } = found;
      // As df does: what only root may fill is neither used nor free.
      const used = (blocks - bfree) * bsize;
      return [{ mountpoint, ...usageOf(blocks * bsize, used), usagePct: percent(used, used + bavail * bsize) }];
    }),
  );
  return disks.flat();
}

function usageOf(totalBytes: number, usedBytes: number): Usage {
  return { totalBytes, usedBytes, usagePct: percent(usedBytes, totalBytes) };
}

function percent(part: number, whole: number): number {
  return whole <= 0 ? 0 : Math.round((part / whole) * 1000) / 10;
}

/** Spaces in paths stand there as `\040`. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
