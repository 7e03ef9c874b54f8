/**
 * What every driver promises of instances, networks, images and events. Programs are given as what `node -e` runs; a
 * driver that runs nothing plays them (see `PROGRAMS`). Run by docker-driver.docker.test.ts and memory-driver.test.ts.
 */

import { after, before, describe, it } from "node:test";
import { DriverBench, type DriverHarness } from "./driver-bench.ts";
import { enginePromises, imagePromises, networkPromises } from "./driver-engine.ts";
import { lifePromises, outputPromises, slotPromises } from "./driver-instances.ts";
import { adoptionPromises, joinPromises } from "./driver-outside.ts";

export type DriverContractOptions = {
  readonly skip?: readonly { readonly reason: string; readonly tests: readonly string[] }[];
};

export function driverContract(
  name: string,
  open: () => Promise<DriverHarness>,
  options: DriverContractOptions = {},
): void {
  describe(`driver contract: ${name}`, { timeout: 120_000 }, () => {
    let harness: DriverHarness;
    const bench = new DriverBench(() => harness);
    const promise = (title: string, work: () => Promise<void>) => {
      const skipped = options.skip?.find(({ tests }) => tests.includes(title));
      it(title, skipped ? { skip: skipped.reason } : {}, work);
    };

    before(async () => {
      harness = await open();
      await harness.driver.ensureNetwork(bench.projectSlug, harness.networkIndex);
    });
    after(async () => {
      await bench.removeAll();
      await harness.driver.removeNetwork(bench.projectSlug);
      await harness.close();
    });

    describe("life of an instance", () => lifePromises(bench, promise));
    describe("slots and addresses", () => slotPromises(bench, promise));
    describe("logs and exec", () => outputPromises(bench, promise));
    describe("networks", () => networkPromises(bench, promise));
    describe("further networks and isolation", () => joinPromises(bench, promise));
    describe("what others run", () => adoptionPromises(bench, promise));
    describe("images", () => imagePromises(bench, promise));
    describe("events and the engine", () => enginePromises(bench, promise));
  });
}
