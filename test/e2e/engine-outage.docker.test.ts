import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventually } from "../engine/eventually.ts";
import { PrivateEngine } from "../engine/private-engine.ts";
import { ensureTinyImage } from "../engine/tiny-image.ts";
import { TestServer } from "./test-server.ts";
import { addTinyRuntime, deploy, outcome, upload } from "./uploads.ts";

let engine: PrivateEngine;
let server: TestServer;

before(async () => {
  engine = await PrivateEngine.start();
  await engine.copyImage(await ensureTinyImage());
  server = await TestServer.start({ env: { SLIPWAY_DOCKER_SOCKET: engine.socketPath } });
  await addTinyRuntime(server);
  await deploy(server, { name: "one" });
  await deploy(server, { name: "two" });
});
after(async () => {
  await server.close();
  await engine.close();
});

async function bothServe(): Promise<void> {
  for (const name of ["one", "two"])
    await eventually(async () => assert.equal((await server.call(name)).text, `hello from ${name}`), 45_000);
}

test("while the engine is away the server says so, refuses nothing it can keep, and lives on", async () => {
  await engine.stop();
  const ready = await server.api({ path: "/readyz" });
  assert.equal(ready.status, 503);
  assert.deepEqual(ready.json<{ checks: object }>().checks, { store: true, engine: false, gateway: true });
  assert.equal((await server.api({ path: "/healthz" })).status, 200);
  assert.equal((await server.api({ path: "/function/list" })).status, 200);
  assert.equal((await server.api({ path: "/function/listrunning" })).status, 503);
  const refused = await upload(server, { name: "while-away" });
  if (refused.status === 200) assert.equal((await outcome(server, "while-away")).status, "failed");
  else assert.equal(refused.status, 503, refused.text);
});

test("an engine that comes back finds everything started again", async () => {
  await engine.run();
  await bothServe();
});

test("an engine that was killed and started again too, by reconnecting alone", async () => {
  await engine.kill();
  await engine.run();
  await bothServe();
  const containers = await engine.client.listContainers({ all: true });
  const own = containers.filter(({ Names }) => Names.some((name) => name.startsWith(`/${server.prefix}-default-one-`)));
  assert.equal(own.length, 1);
});

test("a server that starts while the engine is away is ready, and serves once the engine is there", async () => {
  await server.stop();
  await engine.stop();
  await server.run();
  assert.equal((await server.api({ path: "/healthz" })).status, 200);
  await engine.run();
  await bothServe();
});
