import assert from "node:assert/strict";
import { type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { eventually } from "../engine/eventually.ts";
import { type Bench, openBench, PASSKEY } from "./api-bench.ts";

let bench: Bench;
let base: string;
before(async () => {
  bench = await openBench();
  await bench.app.listen({ host: "127.0.0.1", port: 0 });
  base = `http://127.0.0.1:${(bench.app.server.address() as AddressInfo).port}`;
});
after(() => bench.close());

function get(path: string): Promise<{ readonly status: number; readonly text: string }> {
  return fetch(`${base}${path}`, { headers: { authorization: PASSKEY } }).then(async (answer) => ({
    status: answer.status,
    text: await answer.text(),
  }));
}

function open(path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(`${base}${path}`, { headers: { authorization: PASSKEY }, agent: false }, resolve)
      .on("error", reject)
      .end();
  });
}

test("lines come as the reference has them, follow unless follow=0, and end with an event", async () => {
  const { runtimeId } = await bench.deployed("plain");
  bench.driver.crash(runtimeId, 1, ["first", "second"]);
  const { status, text } = await get("/api/projects/default/services/plain/logs?follow=0&tail=1");
  assert.equal(status, 200);
  const [line, end] = text.trimEnd().split("\n\n");
  const { container_id, stream, line: words } = JSON.parse((line ?? "").replace("data: ", ""));
  assert.deepEqual([container_id, stream, words], [runtimeId.slice(0, 12), "stderr", "second"]);
  assert.equal(end, "event: end\ndata: {}");
});

test("a follower hears that a container has exited", async () => {
  const { runtimeId } = await bench.deployed("dying");
  const answer = await open("/api/projects/default/services/dying/logs");
  let text = "";
  answer.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  bench.driver.crash(runtimeId, 1, ["last words"]);
  await eventually(() => assert.match(text, /"event":"container_exited"/));
  const exited = text.split("\n\n").find((part) => part.includes("container_exited"));
  assert.equal(JSON.parse((exited ?? "").replace("data: ", "")).container_id, runtimeId.slice(0, 12));
  assert.ok(text.indexOf("last words") < text.indexOf("container_exited"));
  assert.doesNotMatch(text, /event: end/);
  answer.destroy();
});

test("what is not there is a 404, a tail that is no number a 400, and one that is too large the most there is", async () => {
  const { service } = await bench.deployed("bare");
  const path = "/api/projects/default/services/bare/logs";
  for (const tail of ["many", "1.5", "-1", ""]) {
    const { status, text } = await get(`${path}?follow=0&tail=${tail}`);
    assert.equal(status, 400, tail);
    assert.match(text, /must be an integer/);
  }
  assert.equal((await get(`${path}?follow=0&tail=999999`)).status, 200);
  assert.equal((await get("/api/projects/nowhere/services/bare/logs")).status, 404);
  assert.equal((await get("/api/projects/default/services/nobody/logs")).status, 404);
  for (const { slot } of await bench.database.instances.list({ serviceId: service.id }))
    await bench.database.instances.remove(slot);
  assert.match((await get(path)).text, /Nothing of bare runs/);
});

test("a server that closes ends followers at once, without saying that there is no more", async () => {
  const other = await openBench();
  await other.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = other.app.server.address() as AddressInfo;
  await other.deployed("followed");
  const answer = await new Promise<IncomingMessage>((resolve) => {
    const headers = { authorization: PASSKEY };
    const path = "/api/projects/default/services/followed/logs";
    request({ host: "127.0.0.1", port, path, headers, agent: false }, resolve).end();
  });
  const reading = (async () => {
    let text = "";
    for await (const chunk of answer) text += chunk;
    return text;
  })();
  await other.close();
  assert.doesNotMatch(await reading, /event: end/);
});

test("a reader that does not read holds up no server that closes", async () => {
  const other = await openBench();
  await other.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = other.app.server.address() as AddressInfo;
  await other.deployed("loud");
  let printed = 0;
  other.driver.logs = async function* (_id, { follow }, signal) {
    for (; follow && !signal.aborted; printed += 1) yield { stream: "stdout", line: "x".repeat(100_000), at: 1 };
  };
  for (const path of ["/api/projects/default/services/loud/logs", "/function/logs/loud?follow=1"]) {
    await new Promise<IncomingMessage>((resolve) => {
      const sent = request(
        { host: "127.0.0.1", port, path, headers: { authorization: PASSKEY }, agent: false },
        resolve,
      );
      sent.on("error", () => undefined).end();
    });
  }
  let before = -1;
  await eventually(() => {
    const isStill = before === printed;
    before = printed;
    assert.ok(isStill && printed > 0, "it is still read");
  });
  await other.close();
});
