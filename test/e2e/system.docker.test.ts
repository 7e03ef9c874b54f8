/** What a real server on a real engine says of itself, its host and its engine, in JSON and for people. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { done, json } from "./command-line.ts";
import { TestServer } from "./test-server.ts";
import { addTinyRuntime, deploy } from "./uploads.ts";

let server: TestServer;
before(async () => {
  server = await TestServer.start();
  await addTinyRuntime(server);
  await deploy(server, { name: "hello" });
});
after(() => server.close());

type About = {
  readonly docker: Readonly<Record<string, unknown>>;
  readonly database: Readonly<Record<string, unknown>>;
};
type Status = {
  readonly host: { readonly disks: readonly { readonly mountpoint: string; readonly total_bytes: number }[] };
  readonly docker: Readonly<Record<string, number>>;
};

test("about has the engine's own words and the size of the database", async () => {
  const about = await json<About>(server, ["system", "about"]);
  const info = (await server.engine.info()) as Record<string, unknown>;
  assert.equal(about.docker.storage_driver, info.Driver);
  assert.equal(about.docker.docker_root_dir, info.DockerRootDir);
  assert.equal(about.docker.kernel_version, info.KernelVersion);
  assert.equal(about.docker.server_version, info.ServerVersion);
  assert.equal(about.database.path, `${server.dataDir}/slipway.db`);
  assert.ok(Number(about.database.size_bytes) > 0);
  assert.match(
    await done(server, ["system", "about"]),
    /^slipway +\d+\.\d+\.\d+, up since .*\nnode +\d+.*\nengine +\d+.*\ndatabase +\//,
  );
});

test("status counts what the engine has, and where it keeps it", async () => {
  const { host, docker } = await json<Status>(server, ["system", "status"]);
  assert.ok(host.disks.some(({ mountpoint }) => mountpoint === "/"));
  assert.ok(host.disks.every(({ total_bytes }) => total_bytes > 0));
  assert.ok((docker.containers_running ?? 0) >= 1);
  assert.ok((docker.images ?? 0) >= 1);
  const text = await done(server, ["system", "status"]);
  for (const word of ["cpu", "memory", "swap", "containers run"]) assert.ok(text.includes(word), text);
});

test("settings are kept over a restart", async () => {
  assert.deepEqual(await json(server, ["system", "settings", "--auto-update", "on"]), { auto_update: true });
  await server.stop();
  await server.run();
  assert.deepEqual(await json(server, ["system", "settings"]), { auto_update: true });
});
