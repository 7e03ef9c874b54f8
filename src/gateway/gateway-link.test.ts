/** Promises of the channel between control and workers: who has which table, who has drained, who makes room. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { eventually, route, tableOf } from "../../test/gateway/in-process.ts";
import type { GatewayCounts } from "../domain/gateway.ts";
import { GatewayLink, type GatewayProblem } from "./gateway-link.ts";
import { LineLogger } from "./line-logger.ts";
import type { LinkMessage, WorkerMessage } from "./messages.ts";
import { readLines, writeLine } from "./ndjson.ts";
import { WorkerLink } from "./worker-link.ts";

const TABLE = tableOf(route([{ slot: "a-0", address: "10.0.0.1", port: 80 }]));

async function socketPath(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-link-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "gateway.sock");
}

async function openLink(t: TestContext, path: string, expected: number[] = [], ackTimeoutMs = 5_000) {
  const problems: GatewayProblem[] = [];
  const counts: GatewayCounts[] = [];
  const link = await GatewayLink.open({
    socketPath: path,
    holderId: "now",
    workersExpected: () => expected,
    onCounts: (more) => counts.push(...more),
    onProblem: (problem) => problems.push(problem),
    logger: new LineLogger("error"),
    ackTimeoutMs,
  });
  t.after(() => link.close());
  return { link, problems, counts, expected };
}

/** A worker that answers only when told to. */
async function fakeWorker(t: TestContext, path: string, pid: number, holderId = "now") {
  const socket: Socket = connect(path);
  await once(socket, "connect");
  const got: LinkMessage[] = [];
  readLines(socket, (value) => got.push(value as LinkMessage));
  const say = (message: WorkerMessage) => writeLine(socket, message);
  say({ type: "hello", pid, holderId });
  t.after(() => socket.destroy());
  return { socket, got, say };
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol("pending");
  await new Promise((resolve) => setTimeout(resolve, 30));
  return (await Promise.race([promise, Promise.resolve(pending)])) === pending;
}

describe("publishing a table", () => {
  it("is done when every worker has acknowledged it, those not connected yet included", async (t) => {
    const path = await socketPath(t);
    const { link } = await openLink(t, path, [1, 2]);
    const published = link.publish(TABLE);
    const one = await fakeWorker(t, path, 1);
    await eventually(() => one.got.length === 1);
    one.say({ type: "ack", version: 1 });
    assert.ok(await isPending(published));
    const two = await fakeWorker(t, path, 2);
    await eventually(() => two.got.length === 1);
    two.say({ type: "ack", version: 1 });
    await published;
    await link.publish(TABLE);
    assert.equal(one.got.length, 1, "an equal table is not sent again");
  });

  it("does not wait for a worker that has died", async (t) => {
    const path = await socketPath(t);
    const { link, expected } = await openLink(t, path, [1]);
    const worker = await fakeWorker(t, path, 1);
    const published = link.publish(TABLE);
    worker.socket.destroy();
    expected.pop();
    await published;
  });

  it("reports a worker that does not acknowledge, until it is gone", async (t) => {
    const path = await socketPath(t);
    const { link, expected, problems } = await openLink(t, path, [7], 20);
    const worker = await fakeWorker(t, path, 7);
    const published = link.publish(TABLE);
    await eventually(() => problems.length > 0);
    assert.deepEqual(problems[0], { kind: "worker_hung", pid: 7 });
    worker.socket.destroy();
    expected.pop();
    await published;
  });

  it("gives the latest table to a worker that dials again, and the passkey's hash with it", async (t) => {
    const path = await socketPath(t);
    const first = await openLink(t, path);
    const tables: LinkMessage[] = [];
    const worker = new WorkerLink({
      socketPath: path,
      hello: () => ({ type: "hello", pid: 3, holderId: "now" }),
      onMessage: (message) => {
        tables.push(message);
        if (message.type === "table") worker.send({ type: "ack", version: message.version });
      },
    });
    t.after(() => worker.close());
    await eventually(() => first.link.connectedWorkers.length === 1);
    await first.link.publish(TABLE);
    await first.link.close();
    const second = await openLink(t, path);
    second.link.setPasskeyHash("ab");
    await eventually(() => second.link.connectedWorkers.length === 1);
    await second.link.publish(tableOf(route([])));
    const last = tables.at(-1);
    assert.equal(last?.type === "table" && last.passkeyHash, "ab");
    assert.deepEqual(last?.type === "table" && last.table, tableOf(route([])));
  });
});

describe("who serves", () => {
  it("counts the workers of a version that listen, also those that dial again", async (t) => {
    const path = await socketPath(t);
    const { link } = await openLink(t, path);
    const [first, second] = [await fakeWorker(t, path, 1), await fakeWorker(t, path, 2)];
    await eventually(() => link.connectedWorkers.length === 2);
    assert.equal(link.serving("2.0.0"), 0);
    first.say({ type: "serves", version: "2.0.0" });
    second.say({ type: "serves", version: "1.0.0" });
    await eventually(() => link.serving("2.0.0") === 1 && link.serving("1.0.0") === 1);
    first.socket.destroy();
    await eventually(() => link.serving("2.0.0") === 0);
    second.say({ type: "hello", pid: 2, holderId: "now", serves: "2.0.0" });
    await eventually(() => link.serving("2.0.0") === 1);
  });
});

describe("draining a slot", () => {
  it("is done when every worker says so; false when one ran out of time", async (t) => {
    const path = await socketPath(t);
    const { link } = await openLink(t, path);
    const workers = [await fakeWorker(t, path, 1), await fakeWorker(t, path, 2)];
    await eventually(() => link.connectedWorkers.length === 2);
    for (const isDrained of [true, false]) {
      const drained = link.drained("a-0", 2_000);
      for (const worker of workers) {
        await eventually(() => worker.got.at(-1)?.type === "drain");
        const message = worker.got.pop();
        assert.ok(message?.type === "drain" && message.slot === "a-0");
        worker.say({ type: "drained", id: message.id, isDrained: isDrained || worker === workers[0] });
      }
      assert.equal(await drained, isDrained);
    }
  });

  it("counts a worker that died as drained, and gives up after the limit", async (t) => {
    const path = await socketPath(t);
    const { link } = await openLink(t, path);
    const worker = await fakeWorker(t, path, 1);
    await eventually(() => link.connectedWorkers.length === 1);
    assert.equal(await link.drained("a-0", 30), false);
    const drained = link.drained("a-0", 5_000);
    worker.socket.destroy();
    assert.equal(await drained, true);
  });
});

describe("workers of a past holder", () => {
  it("are told to retire once a new worker waits for the address, also when they dial later", async (t) => {
    const path = await socketPath(t);
    const { link, problems } = await openLink(t, path);
    const old = await fakeWorker(t, path, 1, "past");
    const fresh = await fakeWorker(t, path, 2);
    await eventually(() => link.connectedWorkers.length === 2);
    assert.deepEqual(old.got, []);
    fresh.say({ type: "address_in_use", address: ":1" });
    await eventually(() => old.got.at(-1)?.type === "retire");
    const late = await fakeWorker(t, path, 3, "past");
    await eventually(() => late.got.at(-1)?.type === "retire");
    assert.deepEqual(problems, []);
    assert.deepEqual(fresh.got, []);
  });

  it("are not to blame when there are none: the address is reported as taken", async (t) => {
    const path = await socketPath(t);
    const { problems } = await openLink(t, path);
    const fresh = await fakeWorker(t, path, 2);
    await eventually(() => {
      fresh.say({ type: "address_in_use", address: ":1" });
      return problems.length > 0;
    });
    assert.deepEqual(problems[0], { kind: "address_in_use", address: ":1" });
  });
});

describe("what workers report", () => {
  it("reaches control: counts and local ports", async (t) => {
    const path = await socketPath(t);
    const { counts, problems } = await openLink(t, path);
    const worker = await fakeWorker(t, path, 1);
    const one = { serviceId: "a", byStatusClass: [0, 0, 1, 0, 0, 0], latencyBuckets: [1], latencySumMs: 1 };
    worker.say({ type: "counts", counts: [one] });
    worker.say({ type: "local_port", port: 9002, problem: "EADDRINUSE" });
    await eventually(() => problems.length === 1);
    assert.deepEqual(counts, [one]);
    assert.deepEqual(problems, [{ kind: "local_port", port: 9002, reason: "EADDRINUSE" }]);
  });

  it("is cut off when it is no line of JSON", async (t) => {
    const path = await socketPath(t);
    await openLink(t, path);
    const worker = await fakeWorker(t, path, 1);
    worker.socket.write("no json\n");
    await once(worker.socket, "close");
  });
});
