import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstanceView } from "../api-views.ts";
import { FakeServer, sendJson } from "../testing/fake-server.ts";
import { Home } from "../testing/run-slipway.ts";
import { deploymentView, functionView } from "../testing/views.ts";

const READY = functionView({}).instances[0] as InstanceView;

test("scale says how many there are, brings as many as asked for, and says when that was so already", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  assert.equal((await home.on(server, ["scale", "hello"])).stdout, "Function hello has a scale of 1\n");
  assert.equal((await home.on(server, ["scale", "hello", "3"])).stdout, "Function hello now has a scale of 3\n");
  assert.equal((await home.on(server, ["scale", "hello", "3"])).stdout, "Function hello already has a scale of 3\n");
  assert.equal((await home.on(server, ["scale", "hello", "0"])).stdout, "Function hello now has a scale of 0\n");
  assert.deepEqual(JSON.parse((await home.on(server, ["scale", "hello", "--json"])).stdout), {
    name: "hello",
    scale: 0,
  });
});

test("scale waits until all are ready, whatever still drains; --no-wait does not", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  const starting: InstanceView = { ...READY, id: "i2", state: "starting", healthy: false };
  const draining: InstanceView = { ...READY, id: "i0", state: "draining" };
  const views = [
    [READY, starting],
    [READY, { ...READY, id: "i2" }, draining],
  ].map((instances) => functionView({ replicas: 2, instances }));
  server.routes.set("POST /api/functions/hello/scale", (_, response) => {
    sendJson(response, 200, { function: functionView({ replicas: 2 }), unchanged: false });
  });
  let looks = 0;
  server.routes.set("GET /api/functions/hello", (_, response) => {
    sendJson(response, 200, views[Math.min(looks, 1)]);
    looks += 1;
  });
  assert.equal((await home.on(server, ["scale", "hello", "2", "--no-wait"])).status, 0);
  assert.equal(looks, 0);
  assert.equal((await home.on(server, ["scale", "hello", "2"])).status, 0);
  assert.equal(looks, 2);
});

test("scale gives up with the last words of an instance that dies again and again", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  server.routes.set("GET /api/functions/hello", (_, response) => {
    const dying = {
      state: "waiting",
      healthy: false,
      restart_count: 3,
      last_exit_code: 7,
      last_log_tail: "no database",
    };
    sendJson(
      response,
      200,
      functionView({ replicas: 2, instances: [READY, { ...READY, ...dying, id: "i2" } as InstanceView] }),
    );
  });
  server.routes.set("POST /api/functions/hello/scale", (_, response) => {
    sendJson(response, 200, { function: functionView({ replicas: 2 }), unchanged: false });
  });
  const { status, stderr } = await home.on(server, ["scale", "hello", "2"]);
  assert.equal(status, 1);
  assert.match(stderr, /no database\nerror: slipway-default-hello-0-1f0c2a9e does not come up; it ends with 7\./);
});

test("scale refuses what is no number of instances, and a name nobody has", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  for (const count of ["-1", "51", "two", "1.5"]) {
    assert.equal((await home.on(server, ["scale", "hello", "--", count])).status, 2, count);
  }
  const unknown = await home.on(server, ["scale", "helo", "2"]);
  assert.equal(unknown.status, 1);
  assert.match(unknown.stderr, /no function helo\. Did you mean hello\?/);
});

test("purge takes secrets with it and keeps volumes, asks nobody off a terminal, and checks all names first", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  server.functions = [functionView({}), functionView({ name: "world" })];
  const unknown = await home.on(server, ["purge", "hello", "wrld"]);
  assert.equal(unknown.status, 1);
  assert.match(unknown.stderr, /no function wrld\. Did you mean world\?/);
  assert.equal((await home.on(server, ["purge", "hello", "--volumes"])).status, 2);
  assert.ok(!server.calls.some((call) => call.startsWith("DELETE")));
  const { status, stdout } = await home.on(server, ["purge", "hello", "--json"]);
  assert.deepEqual([status, JSON.parse(stdout)], [0, { purged: ["hello"] }]);
  assert.equal(server.calls.at(-1), "DELETE /api/functions/hello?secrets=1");
  await home.on(server, ["purge", "world", "--volumes", "--yes"]);
  assert.equal(server.calls.at(-1), "DELETE /api/functions/world?volumes=1&secrets=1");
});

test("deploy of a name rolls out what was built, says when all is up to date, and knows what is neither path nor name", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  server.deployments = [deploymentView({ status: "starting" }), deploymentView({})];
  const good = await home.on(server, ["deploy", "hello"]);
  assert.deepEqual([good.status, good.stdout], [0, "http://hello.localhost:8080/\n"], good.stderr);
  assert.match(good.stderr, /^deploying hello\nwaiting until it answers\nhello is up /);
  server.routes.set("POST /api/functions/hello/deploy", (_, response) => {
    sendJson(response, 200, {
      function: functionView({}),
      deployment: deploymentView({}),
      detected: null,
      unchanged: true,
    });
  });
  assert.match((await home.on(server, ["deploy", "hello"])).stderr, /all instances are up to date\n/);
  const neither = await home.on(server, ["deploy", "helo"]);
  assert.equal(neither.status, 1);
  assert.match(
    neither.stderr,
    /neither a folder or archive helo here nor a function of that name\. Did you mean hello\?/,
  );
  const flagged = await home.on(server, ["deploy", "hello", "--port", "3000"]);
  assert.equal(flagged.status, 2);
  assert.match(flagged.stderr, /--port needs a folder or an archive/);
});

test("list and status take names and answer an unknown one with the nearest", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  server.functions = [functionView({}), functionView({ name: "world" })];
  assert.match((await home.on(server, ["list", "world"])).stdout, /^NAME.*\nworld .*\n$/);
  for (const command of ["list", "status"]) {
    const { status, stdout, stderr } = await home.on(server, [command, "hello", "wrld"]);
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /no function wrld\. Did you mean world\?/);
  }
  const old: InstanceView = { ...READY, current: false, healthy: false };
  server.functions = [functionView({ instances: [old] })];
  assert.match((await home.on(server, ["status", "hello"])).stdout, / {2}ready {2}out of date, not healthy, up 5m0s\n/);
});
