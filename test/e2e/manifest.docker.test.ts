/** Every field of a manifest that this version carries out, seen on the container, on the wire, or in what is refused. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { randomHex } from "../../src/lib/ids.ts";
import { ask } from "./ask.ts";
import { done, folderOf, slipway } from "./command-line.ts";
import { TestServer } from "./test-server.ts";

let server: TestServer;
const NETWORK = `slipway-test-${randomHex(4)}`;
let networkId: string;

before(async () => {
  server = await TestServer.start({
    env: { SLIPWAY_CAPABILITIES: "net_bind_service", SLIPWAY_NETWORKS: NETWORK },
  });
  networkId = (await server.engine.createNetwork({ Name: NETWORK, CheckDuplicate: true })).id;
});
after(async () => {
  await server.close();
  await server.engine.getNetwork(networkId).remove();
});

const SOURCE = `module.exports = (context, payload) => ({
  greeting: process.env.GREETING, number: process.env.NUMBER, port: process.env.PORT, handler: process.env.HANDLER,
  secret: require("node:fs").readFileSync("/secrets/api-key", "utf8"), echo: payload,
});\n`;

const MANIFEST = `name: whole
runtime: node
port: 4123
handler: ./main.js
env: {GREETING: hi, NUMBER: 1.10}
secrets: [api-key]
health: {path: /healthz, intervalMs: 500, timeoutMs: 400, startMs: 20000}
scale: {min: 2}
resources: {cpu: 0.5, memoryMb: 200}
timeoutMs: 5000
routes: [{host: Whole.Example.com}, {path: /whole/sum}]
networks: [${NETWORK}]
capabilities: [CAP_NET_BIND_SERVICE]
isolation: runc
test: {path: /, status: 200}
build: {args: {LEVEL: "3"}}
`;

test("every field does what it says", async () => {
  const folder = await folderOf(server, "whole", { "slipway.yml": MANIFEST, "main.js": SOURCE });
  const refused = await slipway(server, ["up", folder]);
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /api-key[\s\S]*slipway secret set whole api-key/);

  const body = JSON.stringify({ name: "api-key", function: "whole", value: "s3cret" });
  const headers = { "content-type": "application/json" };
  assert.equal((await server.api({ method: "POST", path: "/api/secrets", headers, body })).status, 201);
  await done(server, ["up", folder]);
  const answers = [
    await server.call("whole", { path: "/?a=1" }),
    await ask(server.url, { path: "/?a=1", headers: { host: "whole.example.com" } }),
    await ask(server.url, { path: "/whole/sum?a=1", headers: { host: "own.test" } }),
  ];
  for (const { status, text } of answers) {
    assert.equal(status, 200, text);
    assert.deepEqual(JSON.parse(text), {
      greeting: "hi",
      number: "1.10",
      port: "4123",
      handler: "./main.js",
      secret: "s3cret",
      echo: { a: "1" },
    });
  }
  const filters = { name: [`${server.prefix}-default-whole-`] };
  const containers = await server.engine.listContainers({ filters });
  assert.equal(containers.length, 2);
  for (const { Id } of containers) {
    const { HostConfig, NetworkSettings } = await server.engine.getContainer(Id).inspect();
    assert.deepEqual([HostConfig.NanoCpus, HostConfig.Memory], [500_000_000, 200 * 1024 ** 2]);
    assert.deepEqual([HostConfig.CapAdd, HostConfig.CapDrop], [["NET_BIND_SERVICE"], ["ALL"]]);
    assert.deepEqual(Object.keys(NetworkSettings.Networks).sort(), [`${server.prefix}-default`, NETWORK]);
  }
});

test("what only an operator can allow, and a typing error, are refused with line or field; what serves serves on", async () => {
  for (const [change, words] of [
    ["capabilities: [SYS_ADMIN]", /capabilities\[0\]: SYS_ADMIN is not allowed/],
    ["networks: [bridge]", /networks\[0\]: bridge is not allowed/],
    ["routes: [{path: /api/mine}]", /routes\[0\]\.path: \/api is the platform's own/],
    ["volumes: [/etc:/etc]", /is a folder of the host/],
    ["helth: {path: /x}", /slipway\.yml:4:1: unknown key `helth`; did you mean `health`/],
  ] as const) {
    const manifest = `name: whole\nruntime: node\nsecrets: [api-key]\n${change}\n`;
    const folder = await folderOf(server, "wrong", { "slipway.yml": manifest, "main.js": SOURCE });
    const { exitCode, stderr } = await slipway(server, ["up", folder]);
    assert.equal(exitCode, 1, change);
    assert.match(stderr, words);
  }
  assert.equal((await server.call("whole")).status, 200);
});
