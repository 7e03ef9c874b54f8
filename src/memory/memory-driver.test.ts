/** The memory driver keeps the drivers' contract, and does to its instances what tests ask for. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { driverContract } from "../../test/contract/driver.contract.ts";
import { type DriverHarness, type Outside, PROGRAMS } from "../../test/contract/driver-bench.ts";
import type { InstanceSpec } from "../domain/driver.ts";
import { AppError, isAppError } from "../domain/errors.ts";
import { LABELS } from "../domain/labels.ts";
import { newId } from "../lib/ids.ts";
import { systemClock } from "../lib/system-clock.ts";
import { MemoryDriver } from "./memory-driver.ts";
import type { MemoryBehaviour } from "./memory-images.ts";

const IMAGE = "slipway/test/played:1";

/** Plays what `node -e` would do with the contract's programs. */
function play({ command, env }: InstanceSpec): MemoryBehaviour {
  const [file, , program, ...rest] = command;
  if (file !== "node") return { startError: `exec: ${JSON.stringify(file)}: executable file not found in $PATH` };
  if (program === PROGRAMS.talks) return { stdout: [1, 2, 3, 4, 5].map((i) => `line ${i}`) };
  if (program === PROGRAMS.fails) return { stdout: ["starting"], stderr: ["cannot go on"], exitCode: 3 };
  if (program === PROGRAMS.greets) return { stdout: [`${env.GREETING} ${rest.join(" ")}`], exitCode: 0 };
  return { exec: () => ({ exitCode: 7, output: "out\nerr\n" }) };
}

async function openPlayed(): Promise<DriverHarness> {
  const driver = new MemoryDriver({ clock: systemClock, serverId: "here", faasoNetwork: "faaso-here" });
  const imageServiceId = newId();
  driver.addImage(IMAGE, {
    exposedPorts: [8080, 3000],
    labels: { [LABELS.server]: "here", [LABELS.service]: imageServiceId },
    behaviour: play,
  });
  let lastOctet = 1;
  const outside: Outside = {
    faasoNetwork: "faaso-here",
    addNetwork: async (name) => driver.outside.addNetwork(name),
    start: async (network, name) => {
      lastOctet += 1;
      return driver.outside.start(network, { name, address: `127.0.9.${lastOctet}` });
    },
    stop: async (id) => driver.outside.stop(id),
  };
  return { driver, image: IMAGE, imageServiceId, networkIndex: 3, outside, close: async () => {} };
}

driverContract("memory", openPlayed);

describe("MemoryDriver", () => {
  async function startedIdle() {
    const driver = new MemoryDriver({ clock: systemClock });
    driver.addImage(IMAGE);
    await driver.ensureNetwork("default", 0);
    const id = await driver.create(idleSpec());
    await driver.start(id);
    return { driver, id };
  }

  it("a crash ends the instance with its code and last lines, and is announced", async () => {
    const { driver, id } = await startedIdle();
    const announced = new Promise((resolve) => {
      driver.watch({ onEvent: resolve, onGap: () => driver.crash(id, 9, ["out of luck"]), onLost: () => {} }, never());
    });
    assert.partialDeepStrictEqual(await announced, { kind: "died", runtimeId: id });
    assert.partialDeepStrictEqual(await driver.inspect(id), { state: "exited", exitCode: 9 });
    const lines: string[] = [];
    for await (const { line } of driver.logs(id, { tail: 10, follow: false }, never())) lines.push(line);
    assert.deepEqual(lines, ["out of luck"]);
  });

  it("while it is away every call is unavailable, instances run on, and watchers learn of both turns", async () => {
    const { driver, id } = await startedIdle();
    const turns: string[] = [];
    const { promise: away, resolve: resolveAway } = Promise.withResolvers<void>();
    const back = new Promise<void>((resolve) => {
      const onGap = () => {
        turns.push("gap");
        if (turns.length === 1) driver.goAway();
        else resolve();
      };
      const onLost = () => {
        turns.push("lost");
        resolveAway();
      };
      driver.watch({ onEvent: () => {}, onGap, onLost }, never());
    });
    await away;
    for (const call of [() => driver.list(), () => driver.inspect(id), () => driver.create(idleSpec())])
      await assert.rejects(call, (error) => isAppError(error, "unavailable"));
    assert.equal((await driver.info()).reachable, false);
    driver.comeBack();
    await back;
    assert.deepEqual(turns, ["gap", "lost", "gap"]);
    assert.equal((await driver.inspect(id)).state, "running");
  });

  it("a planned start error is thrown once, and the instance stays as it was", async () => {
    const { driver, id } = await startedIdle();
    await driver.stop(id, 0);
    driver.failNextStart(new AppError("deploy_failed", "no luck today"));
    await assert.rejects(driver.start(id), (error) => isAppError(error, "deploy_failed"));
    assert.equal((await driver.inspect(id)).state, "exited");
    await driver.start(id);
    assert.equal((await driver.inspect(id)).state, "running");
  });
});

function never(): AbortSignal {
  return new AbortController().signal;
}

function idleSpec(): InstanceSpec {
  return {
    projectSlug: "default",
    projectNetworkIndex: 0,
    serviceId: newId(),
    serviceName: "hello",
    serviceKind: "function",
    deploymentId: newId(),
    replica: 0,
    image: IMAGE,
    env: {},
    command: [],
    hostNumber: 2,
    resources: { cpuMillicores: null, memoryBytes: null },
    mounts: [],
    networks: [],
    capabilities: [],
    isolation: "runc",
    ports: [],
  };
}
