/** What the reconciler's tests put in the place of gateway, builder and network. */

import type { BuildRequest, BuildResult, ImageBuilder } from "../../src/domain/build.ts";
import { AppError } from "../../src/domain/errors.ts";
import type { Gateway } from "../../src/domain/gateway.ts";
import { pulledOwner } from "../../src/domain/image-fetch.ts";
import { LABELS } from "../../src/domain/labels.ts";
import type { RouteTable, ServiceRoute } from "../../src/domain/route.ts";
import type { MemoryDriver } from "../../src/memory/memory-driver.ts";

/** Takes tables and says at once that nobody has a request open, unless it is told to wait. */
export class FakeGateway implements Gateway {
  readonly tables: RouteTable[] = [];
  /** Slots it was asked to drain, in order. */
  readonly drainedSlots: string[] = [];
  /** What a drain waits for. */
  requestsUnderWay: Promise<void> = Promise.resolve();

  async publish(table: RouteTable): Promise<void> {
    this.tables.push(table);
  }

  async drained(slot: string): Promise<boolean> {
    this.drainedSlots.push(slot);
    await this.requestsUnderWay;
    return true;
  }

  /** The service's route in the newest table. */
  route(name: string): ServiceRoute | undefined {
    return this.tables.at(-1)?.services.find((s) => s.name === name);
  }

  get localPorts(): readonly number[] {
    return (this.tables.at(-1)?.localPorts ?? []).map(([port]) => port);
  }
}

/** What an app does; it is the start of its source's id. */
export type App = "well" | "exits" | "deaf" | "portless";

/** `builds`: makes an image. `broken`: fails. `slow`: builds until it is aborted or `finish` is called. */
export type BuildKind = "builds" | "broken" | "slow";

/** Builds images that do what the source's id says: `<app>-<build kind>-<anything>`. */
export class FakeBuilder implements ImageBuilder {
  readonly requests: BuildRequest[] = [];
  readonly #driver: MemoryDriver;
  /** How slow builds that are under way end, with the name of their service. */
  readonly #slow = new Map<() => void, string>();

  constructor(driver: MemoryDriver) {
    this.#driver = driver;
  }

  async build(request: BuildRequest, signal: AbortSignal): Promise<BuildResult> {
    this.requests.push(request);
    const [app, kind] = request.sourceId.split("-");
    if (kind === "broken") throw new AppError("build_failed", "step 2 failed", { logTail: "no such file\n" });
    if (kind === "slow") await this.#wait(request, signal);
    if (signal.aborted) throw new AppError("cancelled", "The build was cancelled.");
    const image = `slipway/default/${request.serviceName}:${request.sourceId}`;
    this.#driver.addImage(image, {
      labels: { [LABELS.server]: "memory", [LABELS.service]: request.serviceId },
      behaviour: () => (app === "exits" ? { stderr: ["no database"], exitCode: 7 } : {}),
    });
    return { image, contentHash: request.sourceId, wasCached: false, exposedPort: undefined };
  }

  /** Lets its slow builds end well. */
  finish(serviceName: string): void {
    for (const [end, name] of this.#slow) if (name === serviceName) end();
  }

  async pruneImages(serviceId: string, keep: readonly string[]): Promise<void> {
    for (const { tags } of await this.#driver.listImages({ mine: true, serviceId }))
      for (const tag of tags) if (!keep.includes(tag)) await this.#driver.removeImage(tag);
    for (const { tags } of await this.#driver.listImages())
      for (const tag of tags)
        if (pulledOwner("slipway", tag) === serviceId && !keep.includes(tag)) await this.#driver.removeImage(tag);
  }

  #wait(request: BuildRequest, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        this.#slow.delete(end);
        resolve();
      };
      this.#slow.set(end, request.serviceName);
      signal.addEventListener("abort", end, { once: true });
      if (signal.aborted) end();
    });
  }
}
