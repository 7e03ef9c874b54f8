// Runs the app's own build script, then removes the dependencies that only it needed.
import { existsSync, readFileSync } from "node:fs";
import { npm } from "./npm.mjs";

const manifest = existsSync("package.json") ? JSON.parse(readFileSync("package.json", "utf8")) : {};
if (manifest.scripts?.build === undefined) process.exit(0);
for (const args of [["run", "build"], ["prune", "--omit=dev", "--no-audit", "--no-fund"]]) {
  const status = npm(args);
  if (status !== 0) process.exit(status);
}
