/** The part of the driver contract about instances: their life, slots, logs and commands. */

import assert from "node:assert/strict";
import { isAppError } from "../../src/domain/errors.ts";
import { newId, randomHex } from "../../src/lib/ids.ts";
import { eventually } from "../engine/eventually.ts";
import { type DriverBench, PROGRAMS, type Promised } from "./driver-bench.ts";

export function lifePromises(bench: DriverBench, promise: Promised): void {
  promise("a created instance is listed and does not run; a started one does, and says since when", async () => {
    const spec = bench.spec(PROGRAMS.idle, { replica: 2 });
    const id = await bench.driver.create(spec);
    const created = await bench.driver.inspect(id);
    const { serviceId, deploymentId, image } = spec;
    const expected = { runtimeId: id, serviceId, deploymentId, image, replica: 2, projectSlug: bench.projectSlug };
    assert.partialDeepStrictEqual(created, { ...expected, state: "created", startedAt: null, exitCode: null });

    const before = Date.now();
    await bench.driver.start(id);
    const [listed] = await bench.driver.list({ serviceId });
    assert.partialDeepStrictEqual(listed, { ...expected, state: "running", exitCode: null, wasOomKilled: false });
    assert.ok(Math.abs((listed?.startedAt ?? 0) - before) < 60_000);
    assert.deepEqual(await bench.driver.inspect(id), listed);
  });

  promise("start, stop and remove may be called again, and for one that is gone", async () => {
    const id = await bench.started(bench.spec(PROGRAMS.idle));
    await bench.driver.start(id);
    await bench.driver.stop(id, 5_000);
    await bench.driver.stop(id, 5_000);
    assert.equal((await bench.driver.inspect(id)).state, "exited");
    await bench.driver.remove(id);
    await bench.driver.remove(id);
    await bench.driver.stop(id, 5_000);
    await assert.rejects(bench.driver.inspect(id), (error) => isAppError(error, "not_found"));
    await assert.rejects(bench.driver.start(id), (error) => isAppError(error, "not_found"));
  });

  promise("a running instance can be removed", async () => {
    const spec = bench.spec(PROGRAMS.idle);
    await bench.driver.remove(await bench.started(spec));
    assert.deepEqual(await bench.driver.list({ serviceId: spec.serviceId }), []);
  });

  promise("one that ends by itself is listed with its exit code and its last lines", async () => {
    const spec = bench.spec(PROGRAMS.fails);
    const id = await bench.started(spec);
    await bench.untilExited(id);
    const [listed] = await bench.driver.list({ serviceId: spec.serviceId });
    assert.partialDeepStrictEqual(listed, { runtimeId: id, state: "exited", exitCode: 3, wasOomKilled: false });
    const lines = (await bench.lines(id)).map(({ stream, line }) => `${stream}: ${line}`);
    assert.deepEqual(lines, ["stdout: starting", "stderr: cannot go on"]);
  });

  promise("an ended instance can be started again, and its exit code is forgotten then", async () => {
    const spec = bench.spec(PROGRAMS.idle);
    const id = await bench.started(spec);
    await bench.driver.stop(id, 5_000);
    assert.equal((await bench.driver.list({ serviceId: spec.serviceId }))[0]?.state, "exited");
    await bench.driver.start(id);
    assert.partialDeepStrictEqual((await bench.driver.list({ serviceId: spec.serviceId }))[0], {
      state: "running",
      exitCode: null,
    });
  });

  promise("env and command arrive", async () => {
    const command = ["node", "-e", PROGRAMS.greets, "to you", "--all"];
    const id = await bench.started(bench.spec("", { command, env: { GREETING: "good day = $HOME" } }));
    await bench.untilExited(id);
    assert.deepEqual(
      (await bench.lines(id)).map(({ line }) => line),
      ["good day = $HOME to you --all"],
    );
  });

  promise("a command that does not exist is deploy_failed, or ends with 127; either way it is named", async () => {
    const id = await bench.driver.create(bench.spec("", { command: ["no-such-program"] }));
    try {
      await bench.driver.start(id);
    } catch (error) {
      assert.ok(isAppError(error, "deploy_failed") && error.message.includes("no-such-program"));
      return;
    }
    await bench.untilExited(id);
    assert.equal((await bench.driver.inspect(id)).exitCode, 127);
    assert.match((await bench.lines(id))[0]?.line ?? "", /no-such-program/);
  });

  promise("an image that does not exist is not_found", async () => {
    const spec = bench.spec(PROGRAMS.idle, { image: `slipway-test/none:${randomHex(6)}` });
    await assert.rejects(bench.driver.create(spec), (error) => isAppError(error, "not_found"));
    assert.deepEqual(await bench.driver.list({ serviceId: spec.serviceId }), []);
  });
}

export function slotPromises(bench: DriverBench, promise: Promised): void {
  promise("an instance has exactly the address of its host number", async () => {
    const spec = bench.spec(PROGRAMS.idle, { hostNumber: 201 });
    const id = await bench.started(spec);
    const address = bench.driver.addressOf(bench.harness.networkIndex, 201);
    assert.match(address, /^\d+\.\d+\.\d+\.201$/);
    assert.equal((await bench.driver.inspect(id)).address, address);
    assert.equal((await bench.driver.list({ serviceId: spec.serviceId }))[0]?.address, address);
  });

  promise("a second create of a slot replaces the first, also while that one runs", async () => {
    const spec = bench.spec(PROGRAMS.idle);
    const first = await bench.started(spec);
    const second = await bench.started(spec);
    assert.notEqual(second, first);
    const listed = await bench.driver.list({ serviceId: spec.serviceId });
    assert.deepEqual(
      listed.map(({ runtimeId }) => runtimeId),
      [second],
    );
  });

  promise("ten instances can be made and started at the same time; lists are sorted by name", async () => {
    const serviceId = newId();
    const specs = Array.from({ length: 10 }, (_, replica) => bench.spec(PROGRAMS.idle, { serviceId, replica }));
    const ids = await Promise.all(specs.map((spec) => bench.started(spec)));
    const listed = await bench.driver.list({ serviceId });
    assert.deepEqual(listed.map(({ runtimeId }) => runtimeId).sort(), [...ids].sort());
    assert.ok(listed.every(({ state }) => state === "running"));
    const names = listed.map(({ name }) => name);
    assert.deepEqual(names, [...names].sort());
    assert.equal(new Set(listed.map(({ address }) => address)).size, 10);
    await Promise.all(ids.map((id) => bench.driver.remove(id)));
  });

  promise("an instance that gets and loses its network name keeps its address", async () => {
    const spec = bench.spec(PROGRAMS.idle);
    const id = await bench.started(spec);
    const { address } = await bench.driver.inspect(id);
    const { projectSlug, serviceName } = spec;
    const further = `${serviceName}-before`;
    for (const names of [[serviceName], [serviceName], [further, serviceName], [serviceName], [], []]) {
      await bench.driver.setAlias(id, { projectSlug, names });
      assert.partialDeepStrictEqual(await bench.driver.inspect(id), { address, names });
      assert.deepEqual((await bench.driver.list({ serviceId: spec.serviceId }))[0]?.names, names);
    }
  });
}

export function outputPromises(bench: DriverBench, promise: Promised): void {
  promise("at most `tail` lines come, the last ones, in order, each with its time", async () => {
    const id = await bench.started(bench.spec(PROGRAMS.talks));
    await eventually(async () => assert.equal((await bench.lines(id)).length, 5));
    const lines = await bench.lines(id, 2);
    assert.deepEqual(
      lines.map(({ line }) => line),
      ["line 4", "line 5"],
    );
    for (const { at } of lines) assert.ok(Math.abs(at - Date.now()) < 60_000);
  });

  promise("a follower gets past and new lines, and ends with the instance", async () => {
    const id = await bench.started(bench.spec(PROGRAMS.talks));
    const seen: string[] = [];
    for await (const { line } of bench.driver.logs(id, { tail: 100, follow: true }, new AbortController().signal)) {
      seen.push(line);
      if (line === "line 5") await bench.driver.stop(id, 5_000);
    }
    assert.deepEqual(seen, ["line 1", "line 2", "line 3", "line 4", "line 5"]);
  });

  promise("a follower ends without an error when its signal aborts", async () => {
    const id = await bench.started(bench.spec(PROGRAMS.talks));
    const stop = new AbortController();
    for await (const { line } of bench.driver.logs(id, { tail: 100, follow: true }, stop.signal))
      if (line === "line 5") stop.abort();
    assert.equal((await bench.driver.inspect(id)).state, "running");
  });

  promise("the log of an instance that is gone is not_found", async () => {
    await assert.rejects(bench.lines(newId()), (error) => isAppError(error, "not_found"));
  });

  promise("a command run inside answers its exit code and its output", async () => {
    const id = await bench.started(bench.spec(PROGRAMS.idle));
    const code = "console.log('out'); console.error('err'); process.exitCode = 7";
    const { exitCode, output } = await bench.driver.exec(id, ["node", "-e", code], 30_000);
    assert.equal(exitCode, 7);
    assert.deepEqual(output.split("\n").sort(), ["", "err", "out"]);
  });

  promise("nothing can be run in an instance that has ended (conflict) or is gone (not_found)", async () => {
    const id = await bench.started(bench.spec(PROGRAMS.idle));
    await bench.driver.stop(id, 5_000);
    await assert.rejects(bench.driver.exec(id, ["node", "-v"], 5_000), (error) => isAppError(error, "conflict"));
    await assert.rejects(bench.driver.exec(newId(), ["node", "-v"], 5_000), (error) => isAppError(error, "not_found"));
  });
}
