// Runs the app's own build script, then removes the dependencies that only it needed.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

const manifest = existsSync("package.json") ? JSON.parse(readFileSync("package.json", "utf8")) : {};
if (manifest.scripts?.build === undefined) process.exit(0);
for (const args of [["run", "build"], ["prune", "--omit=dev", "--no-audit", "--no-fund"]]) {
  const { status } = spawnSync("npm", args, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
