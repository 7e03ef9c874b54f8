// Installs what package.json asks for; nothing to do without one. With a build script all dependencies are needed.
import { existsSync, readFileSync } from "node:fs";
import { npm } from "./npm.mjs";

if (!existsSync("package.json")) process.exit(0);
const manifest = JSON.parse(readFileSync("package.json", "utf8"));
const wanted = { ...manifest.dependencies, ...manifest.optionalDependencies };
const isBuilt = manifest.scripts?.build !== undefined;
if (isBuilt) Object.assign(wanted, manifest.devDependencies);
if (Object.keys(wanted).length === 0) process.exit(0);
const hasLock = existsSync("package-lock.json") || existsSync("npm-shrinkwrap.json");
const kinds = isBuilt ? ["--include=dev"] : ["--omit=dev"];
process.exit(npm([hasLock ? "ci" : "install", ...kinds, "--no-audit", "--no-fund"]));
