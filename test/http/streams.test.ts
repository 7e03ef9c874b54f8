import assert from "node:assert/strict";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { InstanceLogLine } from "../../src/domain/driver.ts";
import { eventually } from "../engine/eventually.ts";
import { type Bench, openBench, PASSKEY } from "./api-bench.ts";

let bench: Bench;
let url: URL;
before(async () => {
  bench = await openBench();
  await bench.app.listen({ host: "127.0.0.1", port: 0 });
  url = new URL(`http://127.0.0.1:${(bench.app.server.address() as AddressInfo).port}`);
});
after(() => bench.close());

type Opened = { readonly sent: ClientRequest; readonly answer: IncomingMessage };

/** Resolves with the head of the answer; nothing of its body is read. */
function open(path: string): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, url), { headers: { authorization: PASSKEY }, agent: false }, (answer) =>
      resolve({ sent, answer }),
    );
    sent.on("error", reject);
    sent.end();
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** Collects while it goes on. */
function collect(answer: IncomingMessage): { text: string; isEnded: boolean } {
  const seen = { text: "", isEnded: false };
  answer.on("data", (chunk: Buffer) => {
    seen.text += chunk.toString();
  });
  answer.on("end", () => {
    seen.isEnded = true;
  });
  return seen;
}

/** In place of the driver's log: what is asked for, and whether somebody reads. */
function replaceLogs(lines: (signal: AbortSignal) => AsyncIterable<InstanceLogLine>) {
  const original = bench.driver.logs;
  const state = { readers: 0, pulled: 0 };
  bench.driver.logs = async function* (_id, { follow }, signal) {
    if (!follow) return;
    state.readers += 1;
    try {
      for await (const line of lines(signal)) {
        state.pulled += 1;
        yield line;
      }
    } finally {
      state.readers -= 1;
    }
  };
  return Object.assign(state, {
    restore() {
      bench.driver.logs = original;
    },
  });
}

async function* endless(signal: AbortSignal): AsyncGenerator<InstanceLogLine> {
  while (!signal.aborted) yield { stream: "stdout", line: "x".repeat(10_000), at: 1 };
}

async function* silent(signal: AbortSignal): AsyncGenerator<InstanceLogLine> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}

test("log lines come as events with instance, stream and time, and end with an event", async () => {
  const { runtimeId } = await bench.deployed("lines");
  bench.driver.crash(runtimeId, 1, ["first", 'second "quoted"']);
  const { answer } = await open("/api/functions/lines/logs");
  assert.equal(answer.headers["content-type"], "text/event-stream");
  const text = await textOf(answer);
  const events = text.split("\n\n").filter((part) => part !== "");
  assert.equal(events.at(-1), "event: end\ndata: {}");
  const lines = events.slice(0, -1).map((event) => JSON.parse(event.replace(/^data: /, "")));
  assert.deepEqual(
    lines.map((line) => [line.line, line.stream]),
    [
      ["first", "stderr"],
      ['second "quoted"', "stderr"],
    ],
  );
  assert.deepEqual(Object.keys(lines[0]), ["container_id", "instance", "stream", "line", "at"]);
  assert.match(lines[0].instance, /^slipway-default-lines-0-[0-9a-f]{8}$/);
  const plain = await open("/function/logs/lines");
  assert.equal(await textOf(plain.answer), 'first\nsecond "quoted"\n');
});

for (const path of ["/api/functions/quiet/logs?follow=1", "/function/logs/quiet?follow=1"]) {
  test(`${path}: the head comes at once, and nobody reads on once the client has left`, async () => {
    if (!(await bench.database.services.findByRouteName("quiet"))) await bench.deployed("quiet");
    const logs = replaceLogs(silent);
    try {
      const { sent, answer } = await open(path);
      assert.equal(answer.statusCode, 200);
      await eventually(() => assert.equal(logs.readers, 1));
      sent.destroy();
      await eventually(() => assert.equal(logs.readers, 0));
    } finally {
      logs.restore();
    }
  });

  test(`${path}: a reader that does not read stops what feeds it`, async () => {
    const logs = replaceLogs(endless);
    try {
      const { sent } = await open(path);
      let before = -1;
      // It has stopped when nothing was pulled for a while.
      await eventually(async () => {
        const { pulled } = logs;
        const isStill = pulled === before;
        before = pulled;
        await new Promise((resolve) => setTimeout(resolve, 50));
        assert.ok(isStill && pulled > 0);
      });
      assert.ok(logs.pulled < 5_000, `${logs.pulled} lines of 10 KB were taken for nobody`);
      sent.destroy();
      await eventually(() => assert.equal(logs.readers, 0));
    } finally {
      logs.restore();
    }
  });

  test(`${path}: ends when the function is deleted`, async () => {
    const name = `gone-${path.startsWith("/api") ? "a" : "b"}`;
    const { service, runtimeId } = await bench.deployed(name);
    const { answer } = await open(path.replace("quiet", name));
    const seen = collect(answer);
    await bench.lifecycle.remove(service, "default", { volumes: false });
    await bench.driver.remove(runtimeId);
    await eventually(() => assert.ok(seen.isEnded));
    if (path.startsWith("/api")) assert.match(seen.text, /event: end/);
  });
}

test("a build's log is followed to its end; one of a build that is over is not waited for", async () => {
  const { service, deploymentId } = await bench.deployed("built");
  const [build] = await bench.database.builds.list({ serviceId: service.id });
  assert.ok(build !== undefined);
  const path = `/api/functions/built/deployments/${deploymentId}/log`;
  const over = await textOf((await open(`${path}?follow=1`)).answer);
  assert.match(over, /Building default\/built/);
  assert.equal(await textOf((await open("/function/logs/built?build=1&follow=1")).answer), over);

  await bench.parts.buildLogs.remove(build.id);
  assert.equal(await textOf((await open(`${path}?follow=1`)).answer), "");

  await bench.database.builds.update(build.id, { status: "running" });
  bench.parts.buildLogs.append(build.id, "step 1\n");
  const seen = collect((await open(`${path}?follow=1`)).answer);
  await eventually(() => assert.equal(seen.text, "step 1\n"));
  bench.parts.buildLogs.append(build.id, "step 2 ü\n");
  await eventually(() => assert.equal(seen.text, "step 1\nstep 2 ü\n"));
  assert.equal(seen.isEnded, false);
  await bench.parts.buildLogs.end(build.id);
  await eventually(() => assert.ok(seen.isEnded));
});

test("logs that can't be had are an error as long as nothing was sent", async () => {
  await bench.deployed("away");
  bench.driver.goAway();
  try {
    const { answer } = await open("/function/logs/away");
    assert.deepEqual([answer.statusCode, JSON.parse(await textOf(answer)).error], [503, "unavailable"]);
    const events = await open("/api/functions/away/logs");
    assert.doesNotMatch(await textOf(events.answer).catch(() => "cut off"), /event: end/);
  } finally {
    bench.driver.comeBack();
  }
});
