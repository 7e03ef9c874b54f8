import assert from "node:assert/strict";
import { access, chmod, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { zipOf } from "../archives.ts";
import { eventually } from "../engine/eventually.ts";
import { ensureTinyImage } from "../engine/tiny-image.ts";
import { type Answer, form } from "./ask.ts";
import { done, slipway } from "./command-line.ts";
import { TestServer } from "./test-server.ts";
import { addTinyRuntime, appFiles, deploy } from "./uploads.ts";

let server: TestServer;
before(async () => {
  server = await TestServer.start();
  await addTinyRuntime(server);
});
after(() => server.close());

const VALUE = "the-value-nobody-may-see";

/** Answers what lies in /secrets, by name; `?write` tries to write there. */
const TELLS_SECRETS = `
  const fs = require("node:fs");
  if (request.url === "/env") return response.end(JSON.stringify(process.env));
  if (request.url === "/write") { try { fs.writeFileSync("/secrets/new", "x"); } catch (error) { response.end(error.code); } return; }
  const names = fs.readdirSync("/secrets").filter((name) => !name.startsWith(".."));
  response.end(JSON.stringify(Object.fromEntries(names.map((name) => [name, fs.readFileSync("/secrets/" + name, "base64")]))));`;

function put(name: string, value: string | Uint8Array, query: string): Promise<Answer> {
  const body = JSON.stringify({ value: Buffer.from(value).toString("base64"), encoding: "base64" });
  const headers = { "content-type": "application/json" };
  return server.api({ method: "PUT", path: `/api/secrets/${name}${query}`, headers, body });
}

async function seen(name: string): Promise<Readonly<Record<string, string>>> {
  const files = (await server.call(name)).json<Record<string, string>>();
  return Object.fromEntries(
    Object.entries(files).map(([file, text]) => [file, Buffer.from(text, "base64").toString("latin1")]),
  );
}

/** Where this server's secrets lie for its instances. */
async function ownFolder(): Promise<string> {
  const info = (await server.api({ path: "/api/system/info" })).json<{ server_id: string }>();
  return join(server.secretsDir, info.server_id);
}

async function deployManifest(manifest: object, dockerfile?: string): Promise<Answer> {
  const files = { ...appFiles(TELLS_SECRETS), ...(dockerfile !== undefined && { Dockerfile: dockerfile }) };
  const { headers, body } = await form([
    { name: "manifest", value: JSON.stringify(manifest) },
    { name: "source", value: zipOf(files), file: "source.zip" },
  ]);
  return server.api({ method: "POST", path: "/api/functions?wait=1", headers, body });
}

test("secrets set before a function exists are its files, exact to the byte; nobody else sees them", async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  assert.equal((await put("binary", bytes, "?function=reader")).status, 200);
  assert.equal((await put("empty", "", "?function=reader")).status, 200);
  await Promise.all(["reader", "other"].map((name) => deploy(server, { name, files: appFiles(TELLS_SECRETS) })));
  assert.deepEqual(await seen("reader"), { binary: bytes.toString("latin1"), empty: "" });
  assert.deepEqual(await seen("other"), {});
});

test("the folder is read-only for the function, on a tmpfs, and nobody else on the host gets through to it", async () => {
  assert.equal((await server.call("reader", { path: "/write" })).text, "EROFS");
  assert.equal((await stat(await ownFolder())).mode & 0o777, 0o700);
  const [container] = await server.engine.listContainers({ filters: { name: ["-reader-"] } });
  const { Mounts } = await server.engine.getContainer(container?.Id ?? "").inspect();
  assert.deepEqual(
    Mounts.map(({ Type, Destination, RW }) => [Type, Destination, RW]),
    [["bind", "/secrets", false]],
  );
});

test("a changed secret reaches running instances within a second, a deleted one is gone; no instance is replaced", async () => {
  const before = await server.engine.listContainers({ filters: { name: ["-reader-"] } });
  const startedAt = Date.now();
  await put("fresh", VALUE, "?function=reader");
  await eventually(async () => assert.equal((await seen("reader")).fresh, VALUE), 1000);
  assert.ok(Date.now() - startedAt < 1000);
  await server.api({ method: "DELETE", path: "/api/secrets/fresh?function=reader" });
  await eventually(async () => assert.equal((await seen("reader")).fresh, undefined), 1000);
  const now = await server.engine.listContainers({ filters: { name: ["-reader-"] } });
  assert.deepEqual(
    now.map(({ Id }) => Id),
    before.map(({ Id }) => Id),
  );
});

test("project-wide ones are for those that list them; one that is set nowhere refuses the deployment and says how", async () => {
  const refused = await deployManifest({ name: "asks", runtime: "tiny", secrets: ["shared"] });
  assert.equal(refused.status, 400, refused.text);
  assert.match(refused.text, /slipway secret set asks shared/);
  assert.equal((await server.api({ path: "/api/functions/asks" })).status, 404);
  await put("shared", VALUE, "");
  // An app that runs as nobody in particular reads them, too.
  const dockerfile = `FROM ${await ensureTinyImage()}\nCOPY . /app/\nEXPOSE 8080\nUSER 12345:12345\nCMD ["node", "/app/app.js"]\n`;
  const deployed = await deployManifest({ name: "asks", secrets: ["shared"] }, dockerfile);
  assert.equal(deployed.status, 200, deployed.text);
  assert.deepEqual(await seen("asks"), { shared: VALUE });
  assert.deepEqual((await seen("reader")).shared, undefined);
  await put("shared", "own", "?function=asks");
  await eventually(async () => assert.deepEqual(await seen("asks"), { shared: "own" }), 1000);
});

test("the value is in no log, list, answer, environment, image or container, and not in the data folder", async () => {
  await put("watched", VALUE, "?function=reader");
  const texts = [server.output];
  for (const path of ["/api/secrets", "/api/functions", "/api/functions/reader", "/api/functions/reader/deployments"])
    texts.push((await server.api({ path })).text);
  texts.push((await server.call("reader", { path: "/env" })).text);
  for (const { Id } of await server.engine.listContainers({ filters: { name: [server.prefix] } }))
    texts.push(JSON.stringify(await server.engine.getContainer(Id).inspect()));
  for (const file of ["slipway.db", "slipway.db-wal"])
    texts.push(await readFile(join(server.dataDir, file), "latin1").catch(() => ""));
  for (const text of texts) assert.ok(!text.includes(VALUE) && !text.includes(Buffer.from(VALUE).toString("base64")));
});

test("they are there again after the server's restart and after a crash of the instance, before it starts", async () => {
  await server.stop();
  await server.run();
  await eventually(async () => assert.equal((await seen("reader")).watched, VALUE));
  const [container] = await server.engine.listContainers({ filters: { name: ["-reader-"] } });
  await server.engine.getContainer(container?.Id ?? "").kill();
  await eventually(async () => assert.equal((await seen("reader")).watched, VALUE));
});

test("the command line sets, lists and deletes them", async () => {
  await assert.rejects(done(server, ["secret", "set", "reader", "from-cli", VALUE]), /can't stand in the command line/);
  // What tests start has an empty standard input.
  assert.match(await done(server, ["secret", "set", "reader", "from-cli"]), /from-cli: set for reader/);
  await eventually(async () => assert.equal((await seen("reader"))["from-cli"], ""), 1000);
  const listed = await done(server, ["secret", "list", "reader"]);
  assert.match(listed, /from-cli/);
  assert.ok(!listed.includes(VALUE));
  await done(server, ["secret", "delete", "reader", "from-cli"]);
  assert.equal((await slipway(server, ["secret", "delete", "reader", "from-cli"])).exitCode, 1);
});

test("build secrets and arguments reach the Dockerfile; a missing secret is refused before anything is built", async () => {
  const dockerfile = [
    `FROM ${await ensureTinyImage()}`,
    "ARG GREETING",
    "COPY . /app/",
    "RUN --mount=type=secret,id=token,required=true [\"node\", \"-e\", \"const t = require('fs').readFileSync('/run/secrets/token', 'utf8'); console.log('token is ' + t); require('fs').writeFileSync('/length', String(t.length))\"]",
    'CMD ["node", "/app/app.js"]',
    "EXPOSE 8080",
  ].join("\n");
  const manifest = { name: "built", build: { args: { GREETING: "hi" }, secrets: ["token"] } };
  const refused = await deployManifest(manifest, dockerfile);
  assert.equal(refused.status, 400, refused.text);
  assert.match(refused.text, /build\.secrets: token/);
  await put("token", VALUE, "?function=built");
  const first = await deployManifest(manifest, dockerfile);
  assert.equal(first.status, 200, first.text);
  type Deployed = { deployment: { id: string; image: string }; unchanged: boolean };
  const { deployment } = first.json<Deployed>();
  const log = await server.api({ path: `/api/functions/built/deployments/${deployment.id}/log` });
  assert.match(log.text, /token is \*\*\*/);
  assert.ok(!log.text.includes(VALUE));
  assert.equal((await deployManifest(manifest, dockerfile)).json<Deployed>().unchanged, true);
  await put("token", `${VALUE}2`, "?function=built");
  const second = (await deployManifest(manifest, dockerfile)).json<Deployed>();
  assert.equal(second.unchanged, false);
  assert.notEqual(second.deployment.image, deployment.image);
});

test("a deleted function's folder goes; its secrets stay unless asked for", async () => {
  const folder = join(await ownFolder(), "default", "asks");
  await access(folder);
  await server.api({ method: "DELETE", path: "/api/functions/asks" });
  await eventually(() => assert.rejects(access(folder), { code: "ENOENT" }));
  const listed = await server.api({ path: "/api/secrets?function=asks" });
  assert.equal(listed.json<{ data: readonly unknown[] }>().data.length, 1);
});

test("a server whose key is gone, or lies open, does not start, says why, and makes no new one", async () => {
  const [key, away] = [join(server.dataDir, "master.key"), join(server.folder, "master.key")];
  assert.equal((await stat(key)).mode & 0o777, 0o600);
  await server.stop();
  await rename(key, away);
  await assert.rejects(server.run(), /master\.key is gone[\s\S]*backup/);
  await assert.rejects(access(key), { code: "ENOENT" });
  await rename(away, key);
  await chmod(key, 0o644);
  await assert.rejects(server.run(), /has mode 0644: others may get at it/);
  await chmod(key, 0o600);
  await server.run();
  assert.equal((await seen("reader")).watched, VALUE);
});
