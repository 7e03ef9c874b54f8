/** Uploads as tests make them: a Dockerfile over the tiny Node image, and functions whose behaviour is a few lines of Node. */

import assert from "node:assert/strict";
import { zipOf } from "../archives.ts";
import { eventually } from "../engine/eventually.ts";
import { ensureTinyImage } from "../engine/tiny-image.ts";
import { type Answer, form } from "./ask.ts";
import type { TestServer } from "./test-server.ts";

/** A web app of a few lines; `handle` is the body of `(request, response) => …`. */
export function appFiles(handle: string, before = ""): Readonly<Record<string, string>> {
  const source = `${before}
const server = require("node:http").createServer((request, response) => { ${handle} });
server.listen(Number(process.env.PORT), "0.0.0.0");
process.on("SIGTERM", () => server.close(() => process.exit(0)));`;
  return { "app.js": source };
}

/** Registers runtime `tiny`: Node without a shell, runs app.js. */
export async function addTinyRuntime(server: TestServer, name = "tiny"): Promise<void> {
  const dockerfile = `FROM ${await ensureTinyImage()}\nCOPY . /app/\nEXPOSE 8080\nCMD ["node", "/app/app.js"]\n`;
  const { headers, body } = await form([{ name: "file", value: Buffer.from(dockerfile), file: "Dockerfile" }]);
  const answer = await server.api({ method: "POST", path: `/runtime/upload/${name}`, headers, body });
  assert.equal(answer.status, 200, answer.text);
}

export type Upload = {
  readonly name: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly zip?: Uint8Array;
  readonly tag?: string;
  readonly runtime?: string;
  readonly port?: number | string;
  readonly volume?: string;
};

export async function upload(server: TestServer, what: Upload): Promise<Answer> {
  const zip = what.zip ?? zipOf(what.files ?? appFiles(`response.end("hello from ${what.name}")`));
  const { headers, body } = await form([
    { name: "name", value: what.name },
    { name: "tag", value: what.tag ?? `${server.prefix}-${what.name}` },
    { name: "runtime", value: what.runtime ?? "tiny" },
    { name: "port", value: String(what.port ?? freePort()) },
    { name: "volume", value: what.volume ?? "" },
    { name: "file", value: zip, file: "code.zip" },
  ]);
  return server.api({ method: "POST", path: "/function/upload", headers, body });
}

let lastPort = 20_000 + Math.floor(Math.random() * 8_000);

/** A port nobody was given before in this process; below the ephemeral range. */
export function freePort(): number {
  lastPort += 1;
  return lastPort;
}

export type Lambda = {
  readonly status: string;
  readonly error: string | null;
  readonly id: string;
  readonly port: string;
};

/** Waits until the upload's outcome is known and answers it. */
export async function outcome(server: TestServer, name: string, limitMs = 60_000): Promise<Lambda> {
  return eventually(async () => {
    const lambda = (await server.api({ path: `/function/get/${name}` })).json<Lambda>();
    assert.ok(!["building", "starting"].includes(lambda.status), `${name} is ${lambda.status}`);
    return lambda;
  }, limitMs);
}

/** Uploads and waits until it runs. */
export async function deploy(server: TestServer, what: Upload): Promise<Lambda> {
  const answer = await upload(server, what);
  assert.equal(answer.status, 200, answer.text);
  const lambda = await outcome(server, what.name);
  assert.equal(lambda.status, "running", `${what.name}: ${lambda.error}`);
  return lambda;
}
