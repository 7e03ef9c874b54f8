/** Instances that die with requests under way: each client can tell what became of its request. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { after, before, test } from "node:test";
import { eventually } from "../engine/eventually.ts";
import { TestServer } from "./test-server.ts";
import { addTinyRuntime, appFiles, deploy } from "./uploads.ts";

/** Streams without an end at /stream; answers at once at /quick; says that it has a request, then lets it wait a while. */
const APP = appFiles(`
if (request.url === "/quick") return response.end("quick");
if (request.url === "/stream") { response.write("first"); return; }
console.log("has a request");
setTimeout(() => response.end("answered"), request.url === "/slow" && process.uptime() < 20 ? 3_000 : 0);`);

let server: TestServer;

before(async () => {
  server = await TestServer.start();
  await addTinyRuntime(server);
});
after(() => server.close());

async function container(name: string) {
  return eventually(async () => {
    const [only] = await server.engine.listContainers({
      filters: { name: [`${server.prefix}-default-${name}-`], status: ["running"] },
    });
    assert.ok(only !== undefined);
    return server.engine.getContainer(only.Id);
  });
}

/** Resolves once the app says that it has a request. */
async function hasRequest(name: string): Promise<void> {
  const instance = await container(name);
  await eventually(async () => {
    const log = await instance.logs({ stdout: true, stderr: false, follow: false });
    assert.match(log.toString(), /has a request/);
  });
}

test("an instance killed in the middle of an answer breaks the client's connection instead of ending it", async () => {
  await deploy(server, { name: "streams", files: APP });
  const call = request({
    host: "127.0.0.1",
    port: server.port,
    path: "/stream",
    headers: { host: "streams.localhost" },
  });
  call.end();
  const [answer] = (await once(call, "response")) as [IncomingMessage];
  await once(answer, "data");
  const broken = once(answer, "error");
  await (await container("streams")).kill();
  const [error] = (await broken) as [NodeJS.ErrnoException];
  assert.equal(error.code, "ECONNRESET");
  assert.equal(answer.complete, false);
});

test("a GET whose instance is killed before the first byte is answered by the next one", async () => {
  await deploy(server, { name: "gets", files: APP });
  const pending = server.call("gets", { path: "/slow" });
  await hasRequest("gets");
  await (await container("gets")).kill();
  const answer = await pending;
  assert.equal(answer.status, 200);
  assert.equal(answer.text, "answered");
});

test("a POST whose instance is killed before the first byte gets 502 and is not sent again", async () => {
  await deploy(server, { name: "posts", files: APP });
  const pending = server.call("posts", { method: "POST", path: "/slow", body: "once" });
  await hasRequest("posts");
  await (await container("posts")).kill();
  const answer = await pending;
  assert.equal(answer.status, 502);
  assert.equal(answer.json().error, "bad_gateway");
  assert.equal((await server.call("posts", { path: "/quick" })).status, 200);
  const log = await (await container("posts")).logs({ stdout: true, stderr: false, follow: false });
  assert.doesNotMatch(log.toString(), /has a request/);
});

test("requests to an instance that is gone without anybody having noticed are answered by the next one", async () => {
  await deploy(server, { name: "vanishes", files: APP });
  assert.equal((await server.call("vanishes", { path: "/quick" })).status, 200);
  const instance = await container("vanishes");
  const control = await server.controlPid();
  process.kill(control, "SIGSTOP");
  let pending: Promise<readonly { readonly status: number }[]>;
  try {
    await instance.remove({ force: true });
    const methods = ["GET", "POST", "GET", "POST"];
    pending = Promise.all(methods.map((method) => server.call("vanishes", { method, path: "/quick" })));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
  } finally {
    process.kill(control, "SIGCONT");
  }
  assert.deepEqual(
    (await pending).map(({ status }) => status),
    [200, 200, 200, 200],
  );
});
