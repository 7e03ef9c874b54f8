/**
 * BuildKit takes no limits with a build; all its steps run below the engine's cgroup `docker/buildkit`, so that group
 * gets them. Best effort: only root can, and where the engine is elsewhere there is no such group.
 */

import { access, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

const ROOT = "/sys/fs/cgroup";
const CPU_PERIOD_US = 100_000;

/** Sets the limits of all BuildKit builds together. Answers a warning for the log when that can't be done. */
export async function limitBuildkit(
  memoryBytes: number,
  cpuMillicores: number,
  root = ROOT,
): Promise<string | undefined> {
  const quota = Math.round((cpuMillicores * CPU_PERIOD_US) / 1000);
  try {
    if (await exists(join(root, "cgroup.controllers"))) {
      const group = join(root, "docker", "buildkit");
      await mkdir(group, { recursive: true });
      await writeFile(join(group, "memory.max"), String(memoryBytes));
      await writeFile(join(group, "cpu.max"), `${quota} ${CPU_PERIOD_US}`);
    } else {
      await setFile(join(root, "memory", "docker", "buildkit"), "memory.limit_in_bytes", memoryBytes);
      await setFile(join(root, "cpu", "docker", "buildkit"), "cpu.cfs_quota_us", quota);
    }
    return undefined;
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    return `WARNING: memory and CPU of this build are not limited (the engine's build cgroup can't be set: ${reason}).`;
  }
}

async function setFile(group: string, file: string, value: number): Promise<void> {
  await mkdir(group, { recursive: true });
  await writeFile(join(group, file), String(value));
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
