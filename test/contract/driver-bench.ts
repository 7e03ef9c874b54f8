/** What the tests of one run of the driver contract share: the driver under test, its programs, instances that go away. */

import assert from "node:assert/strict";
import type { Driver, InstanceLogLine, InstanceSpec } from "../../src/domain/driver.ts";
import { newId, randomHex } from "../../src/lib/ids.ts";
import { eventually } from "../engine/eventually.ts";

/** What instances run in these tests. */
export const PROGRAMS = {
  idle: "setInterval(() => {}, 1e6)",
  talks: "for (let i = 1; i <= 5; i++) console.log('line ' + i); setInterval(() => {}, 1e6)",
  fails: "console.log('starting'); process.exitCode = 3; setTimeout(() => console.error('cannot go on'), 20)",
  /** Prints its GREETING, and what it was given as arguments. */
  greets: "console.log(process.env.GREETING + ' ' + process.argv.slice(1).join(' '))",
} as const;

export type DriverHarness = {
  readonly driver: Driver;
  /** `repository:tag` of an image that has `node`, exposes 3000 and 8080, and is labelled with the server's id. */
  readonly image: string;
  /** Service id that the image is labelled with. */
  readonly imageServiceId: string;
  /** Index of a network that nobody else uses; the next one is free, too. */
  readonly networkIndex: number;
  readonly outside: Outside;
  /** Also removes what was made through `outside`. */
  close(): Promise<void>;
};

/** What others do on the engine. */
export type Outside = {
  /** The network of the naming convention, which is not there at first and is nobody else's. */
  readonly faasoNetwork: string;
  addNetwork(name: string): Promise<void>;
  /** Starts an idle container; answers its id. */
  start(network: string, name: string): Promise<string>;
  /** Ends and removes it. */
  stop(id: string): Promise<void>;
};

/** Names one promise and how it is tested. */
export type Promised = (title: string, work: () => Promise<void>) => void;

/** What the tests of one run share: the driver, a project, and how to make instances that are gone afterwards. */
export class DriverBench {
  readonly projectSlug = `contract-${randomHex(4)}`;
  readonly #harness: () => DriverHarness;
  #hostNumber = 1;

  constructor(harness: () => DriverHarness) {
    this.#harness = harness;
  }

  get harness(): DriverHarness {
    return this.#harness();
  }

  get driver(): Driver {
    return this.#harness().driver;
  }

  spec(program: string, change: Partial<InstanceSpec> = {}): InstanceSpec {
    this.#hostNumber += 1;
    return {
      projectSlug: this.projectSlug,
      projectNetworkIndex: this.harness.networkIndex,
      serviceId: newId(),
      serviceName: `service-${this.#hostNumber}`,
      serviceKind: "function",
      deploymentId: newId(),
      replica: 0,
      image: this.harness.image,
      env: {},
      command: ["node", "-e", program],
      hostNumber: this.#hostNumber,
      resources: { cpuMillicores: null, memoryBytes: 128 * 1024 * 1024 },
      mounts: [],
      networks: [],
      capabilities: [],
      isolation: "runc",
      ports: [],
      ...change,
    };
  }

  /** Answers the runtime id of a started instance. */
  async started(spec: InstanceSpec): Promise<string> {
    const id = await this.driver.create(spec);
    await this.driver.start(id);
    return id;
  }

  async untilExited(id: string): Promise<void> {
    await eventually(async () => assert.equal((await this.driver.inspect(id)).state, "exited"));
  }

  async lines(id: string, tail = 100): Promise<readonly InstanceLogLine[]> {
    const lines: InstanceLogLine[] = [];
    for await (const line of this.driver.logs(id, { tail, follow: false }, new AbortController().signal))
      lines.push(line);
    return lines;
  }

  async removeAll(): Promise<void> {
    const all = await this.driver.list();
    await Promise.all(all.map(({ runtimeId }) => this.driver.remove(runtimeId)));
  }
}
