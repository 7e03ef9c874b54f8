/** What instances reach of the gateway, on a server whose public address is loopback only. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventually } from "../engine/eventually.ts";
import { TestServer } from "./test-server.ts";
import { addTinyRuntime, appFiles, deploy } from "./uploads.ts";

let server: TestServer;

/** Asks the address in its query, with the headers in its query, and answers what came. */
const ASKER = appFiles(`
  const { searchParams } = new URL(request.url, "http://x");
  const headers = JSON.parse(searchParams.get("headers") ?? "{}");
  fetch(searchParams.get("url"), { headers, redirect: "manual" }).then(
    async (answer) => response.end(JSON.stringify([answer.status, await answer.text()])),
    (error) => response.end(JSON.stringify([0, String(error.cause ?? error)])),
  );`);

before(async () => {
  server = await TestServer.start();
  await addTinyRuntime(server);
  await deploy(server, { name: "a", files: ASKER });
  await deploy(server, { name: "b", files: appFiles(`response.end("b at " + request.url)`) });
});
after(() => server.close());

async function askInside(url: string, headers: object = {}): Promise<readonly [status: number, text: string]> {
  const path = `/?url=${encodeURIComponent(url)}&headers=${encodeURIComponent(JSON.stringify(headers))}`;
  return JSON.parse((await server.call("a", { path })).text);
}

test("a function asks another one at the public port and at FaaSO's", async () => {
  for (const base of [`http://slipway:${server.port}`, "http://faaso-proxy:8888"]) {
    for (const start of ["funko", "faaso"])
      await eventually(async () =>
        assert.deepEqual(await askInside(`${base}/${start}/b/x?y=1`), [200, "b at /x?y=1"], `${base}/${start}`),
      );
    assert.equal((await askInside(`${base}/funko/nobody/`))[0], 404);
    assert.equal((await askInside(`${base}/funko/b`))[0], 308);
  }
});

test("the admin's API and the metrics are nobody's there without the passkey", async () => {
  for (const base of [`http://slipway:${server.port}`, "http://faaso-proxy:8888"]) {
    for (const path of ["/api/functions", "/metrics", "/function/listrunning"]) {
      assert.equal((await askInside(base + path))[0], 401, path);
      const pretence = { "x-forwarded-for": "127.0.0.1", "x-slipway-peer": "127.0.0.1", "x-real-ip": "127.0.0.1" };
      assert.equal((await askInside(base + path, pretence))[0], 401, path);
    }
    assert.equal((await askInside(`${base}/api/functions`, { authorization: await server.passkey() }))[0], 200);
  }
  assert.equal((await server.api({ path: "/metrics", headers: { authorization: "" } })).status, 200);
});

test("it stays so when the workers are replaced and when the whole server is killed and started again", async () => {
  const [before] = await server.workerPids();
  await server.api({ method: "POST", path: "/api/system/reload" });
  await eventually(async () => assert.ok(!(await server.workerPids()).includes(before ?? 0)), 30_000);
  assert.deepEqual(await askInside("http://faaso-proxy:8888/funko/b/"), [200, "b at /"]);
  await server.killHolder({ andControl: true });
  await server.run();
  await eventually(async () => assert.deepEqual(await askInside("http://faaso-proxy:8888/funko/b/"), [200, "b at /"]));
  assert.deepEqual(await askInside(`http://slipway:${server.port}/funko/b/`), [200, "b at /"]);
});
