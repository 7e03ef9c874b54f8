/** The part of the driver contract about networks, images and the engine itself. */

import assert from "node:assert/strict";
import type { DriverEvent } from "../../src/domain/driver.ts";
import { isAppError } from "../../src/domain/errors.ts";
import { newId, randomHex } from "../../src/lib/ids.ts";
import { eventually } from "../engine/eventually.ts";
import { type DriverBench, PROGRAMS, type Promised } from "./driver-bench.ts";

export function networkPromises(bench: DriverBench, promise: Promised): void {
  promise("a network may be asked for again and by several at once, and be removed twice", async () => {
    const slug = `contract-${randomHex(4)}`;
    const index = bench.harness.networkIndex + 1;
    await Promise.all([1, 2, 3].map(() => bench.driver.ensureNetwork(slug, index)));
    await bench.driver.ensureNetwork(slug, index);
    const listed = await bench.driver.listNetworks();
    assert.equal(listed.filter((other) => other === slug).length, 1);
    assert.deepEqual(listed, [...listed].sort());
    await bench.driver.removeNetwork(slug);
    await bench.driver.removeNetwork(slug);
    assert.ok(!(await bench.driver.listNetworks()).includes(slug));
  });

  promise("a network that instances are connected to is not removed", async () => {
    const id = await bench.started(bench.spec(PROGRAMS.idle));
    await assert.rejects(bench.driver.removeNetwork(bench.projectSlug), (error) => isAppError(error, "conflict"));
    assert.equal((await bench.driver.inspect(id)).state, "running");
  });

  promise("addresses that another network has are a conflict", async () => {
    const ensuring = bench.driver.ensureNetwork(`contract-${randomHex(4)}`, bench.harness.networkIndex);
    await assert.rejects(ensuring, (error) => isAppError(error, "conflict"));
  });
}

export function imagePromises(bench: DriverBench, promise: Promised): void {
  promise("an image is found by its tag, with labels and ports; one that is not there is not", async () => {
    const { image, imageServiceId } = bench.harness;
    const found = await bench.driver.findImage(image);
    assert.ok(found);
    assert.ok(found.tags.includes(image));
    assert.deepEqual(found.exposedPorts, [3000, 8080]);
    assert.equal(found.labels["slipway.service"], imageServiceId);
    assert.ok(found.createdAt > 0 && found.sizeBytes > 0);
    assert.equal(await bench.driver.findImage(`slipway-test/none:${randomHex(6)}`), undefined);
  });

  promise("images are listed by server and by service", async () => {
    const { image, imageServiceId } = bench.harness;
    const tagsOf = async (filter?: { mine?: boolean; serviceId?: string }) =>
      (await bench.driver.listImages(filter)).flatMap(({ tags }) => tags);
    assert.ok((await tagsOf()).includes(image));
    assert.deepEqual(await tagsOf({ mine: true }), [image]);
    assert.deepEqual(await tagsOf({ mine: true, serviceId: imageServiceId }), [image]);
    assert.deepEqual(await tagsOf({ serviceId: newId() }), []);
  });

  promise("a removed tag leaves the image its other tags; an image in use stays", async () => {
    const { image } = bench.harness;
    const further = `slipway-test/further:${randomHex(6)}`;
    const before = await bench.driver.findImage(image);
    await bench.driver.tagImage(image, further);
    assert.equal((await bench.driver.findImage(further))?.id, before?.id);
    await bench.removeAll();
    assert.equal(await bench.driver.removeImage(further), true);
    assert.equal(await bench.driver.removeImage(further), true);
    assert.deepEqual(await bench.driver.findImage(image), before);

    await bench.driver.create(bench.spec(PROGRAMS.idle));
    await bench.driver.tagImage(image, further);
    assert.equal(await bench.driver.removeImage(image), false, "an instance was made from that tag");
    assert.equal(await bench.driver.removeImage(further), true, "from this one none");
    assert.deepEqual(await bench.driver.findImage(image), before);
    assert.equal(await bench.driver.removeImage(image), false);
    assert.deepEqual(await bench.driver.findImage(image), before);
  });

  promise("an image that names no user runs as root", async () => {
    assert.deepEqual(await bench.driver.ownerOf(bench.harness.image), { uid: 0, gid: 0 });
    const owning = bench.driver.ownerOf(`slipway-test/none:${randomHex(6)}`);
    await assert.rejects(owning, (error) => isAppError(error, "not_found"));
  });
}

export function enginePromises(bench: DriverBench, promise: Promised): void {
  promise("a watcher is told of a gap first, then of starts, deaths and removals, until it stops", async () => {
    const spec = bench.spec(PROGRAMS.idle);
    const stop = new AbortController();
    const events: DriverEvent[] = [];
    let gaps = 0;
    const onLost = (error: Error) => assert.fail(error);
    const onGap = () => {
      gaps += 1;
    };
    bench.driver.watch({ onEvent: (event) => events.push(event), onGap, onLost }, stop.signal);
    await eventually(async () => assert.equal(gaps, 1));
    const id = await bench.started(spec);
    await bench.driver.stop(id, 5_000);
    await bench.driver.remove(id);
    const own = () => events.filter(({ runtimeId }) => runtimeId === id);
    await eventually(async () => assert.equal(own().length, 3));
    assert.deepEqual(
      own(),
      (["started", "died", "removed"] as const).map((kind) => ({ kind, serviceId: spec.serviceId, runtimeId: id })),
    );
    stop.abort();
    const seen = events.length;
    await bench.driver.remove(await bench.started(bench.spec(PROGRAMS.idle)));
    assert.equal(events.length, seen);
    assert.equal(gaps, 1);
  });

  promise("the engine says what it is", async () => {
    assert.partialDeepStrictEqual(await bench.driver.info(), { reachable: true, error: null });
  });

  promise("the engine describes itself, and counts what is on it", async () => {
    const id = await bench.driver.create(bench.spec(PROGRAMS.idle));
    const created = await bench.driver.describe();
    const { version, apiVersion, rootDir } = await bench.driver.info();
    assert.partialDeepStrictEqual(created, {
      ...{ reachable: true, error: null, serverVersion: version, apiVersion, dockerRootDir: rootDir },
    });
    assert.ok(created.images >= 1 && created.containers >= 1);
    await bench.driver.start(id);
    // Others may use the same engine meanwhile: what is true of any moment.
    const running = await bench.driver.describe();
    assert.ok(running.containersRunning >= 1);
    for (const look of [created, running])
      assert.equal(look.containers, look.containersRunning + look.containersStopped);
    assert.ok(Array.isArray(running.warnings));
  });

  promise("what things take on the engine's disk is told in bytes, the image's among them", async () => {
    const usage = await bench.driver.usage();
    const image = await bench.driver.findImage(bench.harness.image);
    assert.ok(image && usage.imagesSizeBytes >= image.sizeBytes, JSON.stringify(usage));
    for (const value of Object.values(usage))
      assert.ok(Number.isSafeInteger(value) && value >= 0, JSON.stringify(usage));
  });

  promise("everything that runs can be listed raw", async () => {
    await bench.started(bench.spec(PROGRAMS.idle));
    assert.ok((await bench.driver.listEverything()).length >= 1);
  });

  promise("pruning takes nothing that has a tag or is in use", async () => {
    const before = await bench.driver.findImage(bench.harness.image);
    await bench.driver.prune(0);
    assert.deepEqual(await bench.driver.findImage(bench.harness.image), before);
  });
}
