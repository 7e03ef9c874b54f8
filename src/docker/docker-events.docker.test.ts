/** The driver while the engine comes and goes: a gate in front of the real engine's socket stands in for its restarts. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import { DriverBench, PROGRAMS } from "../../test/contract/driver-bench.ts";
import { eventually } from "../../test/engine/eventually.ts";
import { type OpenedDocker, openDocker } from "../../test/engine/open-docker.ts";
import { isAppError } from "../domain/errors.ts";
import { randomHex } from "../lib/ids.ts";

/** Passes connections on to the engine while it is open; closing cuts all of them. */
class Gate {
  readonly socketPath = `/tmp/slipway-gate-${randomHex(4)}.sock`;
  readonly #connections = new Set<Socket>();
  readonly #server = createServer((client) => {
    const engine = connect("/var/run/docker.sock");
    for (const socket of [client, engine]) {
      this.#connections.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => this.#connections.delete(socket));
    }
    client.pipe(engine).pipe(client);
  });

  async open(): Promise<void> {
    this.#server.listen(this.socketPath);
    await once(this.#server, "listening");
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#connections) socket.destroy();
    await closed;
  }
}

describe("DockerDriver while the engine comes and goes", { timeout: 60_000 }, () => {
  const gate = new Gate();
  let harness: OpenedDocker;
  const bench = new DriverBench(() => harness);

  before(async () => {
    harness = await openDocker({ socketPath: gate.socketPath });
  });
  after(async () => {
    await gate.close();
    await gate.open();
    await bench.removeAll();
    await harness.driver.removeNetwork(bench.projectSlug);
    await harness.close();
    await gate.close();
  });

  it("can be opened before the engine is there; calls are unavailable, and info says why", async () => {
    await assert.rejects(bench.driver.list(), (error) => isAppError(error, "unavailable"));
    const info = await bench.driver.info();
    assert.equal(info.reachable, false);
    assert.ok(info.error?.includes(gate.socketPath), info.error ?? "");
  });

  it("tells of each loss, then of a gap once it is back, and goes on with events", async () => {
    const stop = new AbortController();
    const seen: string[] = [];
    bench.driver.watch(
      {
        onEvent: ({ kind, runtimeId }) => seen.push(`${kind} ${runtimeId}`),
        onGap: () => seen.push("gap"),
        onLost: (error) => seen.push(isAppError(error, "unavailable") ? "lost" : String(error)),
      },
      stop.signal,
    );
    await eventually(() => assert.equal(seen[0], "lost"));
    await gate.open();
    await eventually(() => assert.equal(seen.at(-1), "gap"));
    seen.length = 0;
    await gate.close();
    await eventually(() => assert.ok(seen.includes("lost")));
    await gate.open();
    await eventually(() => assert.equal(seen.at(-1), "gap"));
    seen.length = 0;

    await bench.driver.ensureNetwork(bench.projectSlug, harness.networkIndex);
    const id = await bench.started(bench.spec(PROGRAMS.idle));
    await bench.driver.remove(id);
    await eventually(() => assert.deepEqual(seen, [`started ${id}`, `died ${id}`, `removed ${id}`]));
    stop.abort();
    await gate.close();
    assert.equal(seen.length, 3);
  });

  it("ends a follower of logs with an error when the engine goes", async () => {
    await gate.open();
    await bench.driver.ensureNetwork(bench.projectSlug, harness.networkIndex);
    const id = await bench.started(bench.spec(PROGRAMS.talks));
    const follow = async () => {
      const lines = bench.driver.logs(id, { tail: 10, follow: true }, new AbortController().signal);
      for await (const { line } of lines) if (line === "line 5") await gate.close();
    };
    await assert.rejects(follow(), (error) => isAppError(error, "unavailable"));
  });
});
