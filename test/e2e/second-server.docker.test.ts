import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { done, slipway } from "./command-line.ts";
import { TestServer } from "./test-server.ts";
import { addTinyRuntime, deploy } from "./uploads.ts";

let first: TestServer;
before(async () => {
  first = await TestServer.start();
});
after(() => first.close());

/** Starts a server of a fresh data directory under the first one's prefix; it must not come up. Answers what it said. */
async function refusedStart(): Promise<string> {
  const started = TestServer.start({ env: { SLIPWAY_PREFIX: first.prefix } });
  return started.then(
    async (server) => {
      await server.close();
      assert.fail("it came up");
    },
    (error: Error) => error.message,
  );
}

async function idsOf(server: TestServer): Promise<readonly string[]> {
  const containers = await server.engine.listContainers({ filters: { name: [`^/${server.prefix}-`] } });
  const networks = await server.engine.listNetworks({ filters: { name: [`${server.prefix}-`] } });
  return [...containers, ...networks].map(({ Id }) => Id).toSorted();
}

test("a second server under the prefix of one that runs is told so at start, before anything was deployed", async () => {
  const said = await refusedStart();
  assert.match(said, /ended with 1/);
  assert.match(said, new RegExp(`Another Slipway server \\(pid ${first.pid}\\) .* prefix ${first.prefix}`));
  assert.match(said, /SLIPWAY_PREFIX/);
});

test("a copy of one that runs is refused, by a restore and at its start, whatever its prefix: both would have the same containers", async () => {
  const archive = join(first.folder, "all.tar.gz");
  await done(first, ["backup", archive]);
  const other = await TestServer.start();
  try {
    const refused = await slipway(other, ["restore", archive, "--yes"]);
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /server that this is a copy of .* runs on this Docker engine \(pid \d+\)/);
    await other.stop();
    await done(other, ["restore", archive, "--yes", "--data-dir", other.dataDir], {
      env: { SLIPWAY_PASSFILE: join(other.folder, ".passfile") },
    });
    await assert.rejects(other.run(), /ended with 1[\s\S]*is a copy of/);
    await first.stop();
    await other.run();
  } finally {
    await other.close();
    await first.run();
  }
});

test("a fresh data directory under the prefix of one that is gone is told what is there and the ways out; nothing is touched", async () => {
  await addTinyRuntime(first);
  await deploy(first, { name: "precious" });
  const before = await idsOf(first);
  assert.equal(before.length, 2);
  await first.stop();
  const said = await refusedStart();
  assert.match(said, /ended with 1/);
  assert.match(
    said,
    new RegExp(`1 container and 1 network .* prefix ${first.prefix}, such as ${first.prefix}-default-precious-0-`),
  );
  assert.match(said, /SLIPWAY_PREFIX and SLIPWAY_NETWORK_POOL/);
  assert.match(said, /docker rm -f .* && docker network rm /);
  assert.deepEqual(await idsOf(first), before);
  assert.equal((await first.engine.listContainers({ filters: { id: [...before] } })).length, 1);
});

test("the one whose things they are starts again and serves", async () => {
  await first.run();
  assert.equal((await first.call("precious")).text, "hello from precious");
});

test("once the old one's things are removed as it was said, the fresh one starts", async () => {
  await first.stop();
  const [, serverId = ""] = /Another Slipway server \(([0-9a-f-]{36})\)/.exec(await refusedStart()) ?? [];
  const filters = { label: [`slipway.server=${serverId}`] };
  for (const { Id } of await first.engine.listContainers({ all: true, filters }))
    await first.engine.getContainer(Id).remove({ force: true });
  for (const { Id } of await first.engine.listNetworks({ filters })) await first.engine.getNetwork(Id).remove();
  const fresh = await TestServer.start({ env: { SLIPWAY_PREFIX: first.prefix } });
  try {
    assert.equal((await fresh.api({ path: "/function/list" })).status, 200);
  } finally {
    await fresh.close();
  }
});
