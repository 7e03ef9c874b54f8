// Decides what the user's files are (an app that listens by itself, or a function) and runs them.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { serve } from "./serve.mjs";

const USUAL_FILES = ["index.js", "index.mjs", "index.cjs", "index.ts", "handler.js", "server.js", "app.js"];
const manifest = existsSync("package.json") ? JSON.parse(readFileSync("package.json", "utf8")) : {};

if (process.env.HANDLER === undefined && manifest.scripts?.start !== undefined) runApp("npm", ["start", "--silent"]);
else await runFile();

function runApp(file, args) {
  const child = spawn(file, args, { stdio: "inherit" });
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGTERM" ? 0 : 1)));
}

async function runFile() {
  const file = findMainFile();
  if (file === undefined) {
    console.error("No code found: add index.js that exports a function, or package.json with a start script.");
    process.exit(1);
  }
  const module = await import(pathToFileURL(resolve(file)).href);
  const handler = [module.handler, module.default?.handler, module.handle, module.default].find(
    (candidate) => typeof candidate === "function",
  );
  if (handler !== undefined) serve(handler, Number(process.env.PORT ?? 8080));
}

function findMainFile() {
  const { HANDLER } = process.env;
  const named = HANDLER === undefined ? [] : [HANDLER, `${HANDLER}.js`, `${HANDLER}.mjs`];
  const candidates = [...named, manifest.main, ...USUAL_FILES];
  return candidates.find((file) => file !== undefined && existsSync(file));
}
