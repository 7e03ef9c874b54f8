/** The part of the driver contract about networks that belong to no server, and what others run there. */

import assert from "node:assert/strict";
import { isAppError } from "../../src/domain/errors.ts";
import { randomHex } from "../../src/lib/ids.ts";
import { eventually } from "../engine/eventually.ts";
import { type DriverBench, PROGRAMS, type Promised } from "./driver-bench.ts";

export function joinPromises(bench: DriverBench, promise: Promised): void {
  promise("an instance joins further networks, and keeps its own address", async () => {
    const { outside, driver } = bench.harness;
    const network = `slipway-test-${randomHex(4)}`;
    await outside.addNetwork(network);
    const spec = bench.spec(PROGRAMS.idle, { networks: [network, outside.faasoNetwork] });
    const id = await bench.started(spec);
    assert.partialDeepStrictEqual(await driver.inspect(id), {
      state: "running",
      address: driver.addressOf(bench.harness.networkIndex, spec.hostNumber),
    });
    await driver.remove(id);
  });

  promise("a network that is not there is deploy_failed and named, and nothing is left of the instance", async () => {
    const network = `slipway-test-${randomHex(4)}`;
    const spec = bench.spec(PROGRAMS.idle, { networks: [network] });
    await assert.rejects(
      bench.driver.create(spec),
      (error) => isAppError(error, "deploy_failed") && error.message.includes(network) && error.remedy !== undefined,
    );
    assert.deepEqual(await bench.driver.list({ serviceId: spec.serviceId }), []);
  });

  promise("an isolation that the engine does not have is deploy_failed, and what to install is named", async () => {
    const spec = bench.spec(PROGRAMS.idle, { isolation: "gvisor" });
    await assert.rejects(
      bench.driver.create(spec),
      (error) => isAppError(error, "deploy_failed") && /runsc/.test(error.remedy ?? ""),
    );
    assert.deepEqual(await bench.driver.list({ serviceId: spec.serviceId }), []);
  });
}

export function adoptionPromises(bench: DriverBench, promise: Promised): void {
  promise("the shared network may be asked for by several at once; nobody is on it at first", async () => {
    const { outside, driver } = bench.harness;
    const asked = await Promise.all([1, 2, 3].map(() => driver.ensureSharedNetwork(outside.faasoNetwork)));
    assert.equal(new Set(asked).size, 1);
    assert.deepEqual(await driver.listOutside(outside.faasoNetwork, "faaso-"), []);
    assert.deepEqual(await driver.listOutside(`slipway-test-${randomHex(4)}`, "faaso-"), []);
  });

  promise("what others start there is announced and listed, and gone when it ends; ours is not listed", async () => {
    const { outside, driver } = bench.harness;
    const { faasoNetwork: network } = outside;
    const prefix = `faaso-t${randomHex(4)}`;
    await driver.ensureSharedNetwork(network);
    await bench.started(bench.spec(PROGRAMS.idle, { networks: [network] }));
    const names = async () => (await driver.listOutside(network, prefix)).map(({ name }) => name);

    let [changes, seen] = [0, 0];
    const stop = new AbortController();
    const onChange = () => {
      changes += 1;
    };
    driver.watchOutside(network, prefix, onChange, stop.signal);
    await eventually(() => assert.ok(changes > 0, "no first look"));

    seen = changes;
    const second = await outside.start(network, `${prefix}-2`);
    const other = await outside.start(network, `other${randomHex(4)}`);
    const first = await outside.start(network, `${prefix}-1`);
    await eventually(async () => assert.deepEqual(await names(), [`${prefix}-1`, `${prefix}-2`]));
    assert.ok(changes > seen, "the start was not announced");
    const [one, two] = await driver.listOutside(network, prefix);
    assert.deepEqual([one?.id, two?.id], [first, second]);
    assert.match(one?.address ?? "", /^\d+\.\d+\.\d+\.\d+$/);
    assert.notEqual(one?.address, two?.address);
    assert.ok(Math.abs((one?.startedAt ?? 0) - Date.now()) < 60_000);

    seen = changes;
    await outside.stop(second);
    await eventually(() => assert.ok(changes > seen, "the end was not announced"));
    await eventually(async () => assert.deepEqual(await names(), [`${prefix}-1`]));
    stop.abort();
    for (const id of [first, other]) await outside.stop(id);
    await eventually(async () => assert.deepEqual(await names(), []));
  });
}
