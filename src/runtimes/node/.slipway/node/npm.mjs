// Runs npm and leaves nothing of it in the image but what it installed: its cache and logs name the registry.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Answers the exit code. */
export function npm(args) {
  const cache = mkdtempSync(join(tmpdir(), "npm-"));
  try {
    const env = { ...process.env, npm_config_cache: cache, npm_config_update_notifier: "false" };
    return spawnSync("npm", args, { stdio: "inherit", env }).status ?? 1;
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}
