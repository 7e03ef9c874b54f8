/**
 * Takes instances out of service beside the reconciler's queue, because requests under way may take a while: out of the
 * route (acknowledged by all workers), its network name taken away, then requests end, then it stops. What follows is one
 * of two: the slot goes, or it waits for its next start.
 *
 * Whoever asked for the name a moment before it was taken away connects a moment later, and one that connected just while
 * the engine took it away tries again after a second: as long as others answer to the name, it goes on accepting for
 * NAME_GRACE_MS.
 */

import type { Clock } from "../domain/clock.ts";
import type { InstanceDriver } from "../domain/driver.ts";
import { isAppError } from "../domain/errors.ts";
import type { Gateway } from "../domain/gateway.ts";
import type { InstanceRecord } from "../domain/instance.ts";
import type { Logger } from "../domain/logger.ts";
import type { Stores } from "../domain/stores.ts";
import type { RoutePublisher } from "./route-publisher.ts";

export type DrainsOptions = {
  readonly stores: Pick<Stores, "instances">;
  readonly driver: Pick<InstanceDriver, "setAlias" | "stop">;
  readonly gateway: Pick<Gateway, "drained">;
  readonly publisher: Pick<RoutePublisher, "publish">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Longest time requests under way may take once their instance is to stop, in milliseconds. */
  readonly drainTimeoutMs: number;
  /** Called when a drain has ended, or has to be tried again after a while. */
  readonly onDrained: (serviceId: string, retryInMs: number) => void;
};

/** Between SIGTERM and SIGKILL, in milliseconds. */
const STOP_GRACE_MS = 10_000;
const RETRY_MS = 2_000;
/** Clients of a name connect within this after they have asked for it, in milliseconds: a lost SYN is sent again after 1 s. */
export const NAME_GRACE_MS = 1_500;

export class Drains {
  readonly #options: DrainsOptions;
  /** By slot. */
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(options: DrainsOptions) {
    this.#options = options;
  }

  /**
   * Begins it, with `note` written to its record; once the instance has stopped, `finish` says what becomes of the slot.
   * Idempotent while it is under way.
   * Without a project (it was deleted, before a restart of Slipway) its network name stays until it stops.
   */
  begin(
    record: InstanceRecord,
    projectSlug: string | undefined,
    note: Partial<InstanceRecord>,
    finish: () => Promise<void>,
  ): void {
    if (this.#underWay.has(record.slot)) return;
    const { logger, onDrained } = this.#options;
    const drain = this.#drain(record, projectSlug, note)
      .then((isThere) => (isThere ? finish() : undefined))
      .then(() => 0)
      .catch((error: unknown) => {
        logger.warn({ err: error, slot: record.slot }, "drain failed, it is tried again");
        return RETRY_MS;
      })
      .then((retryInMs) => {
        this.#underWay.delete(record.slot);
        onDrained(record.serviceId, retryInMs);
      });
    this.#underWay.set(record.slot, drain);
  }

  /** Answers whether it was there: what asked for this may have looked just before an earlier drain ended. */
  async #drain(
    { slot, serviceId, runtimeId }: InstanceRecord,
    projectSlug: string | undefined,
    note: Partial<InstanceRecord>,
  ): Promise<boolean> {
    const { stores, publisher, gateway, driver, drainTimeoutMs } = this.#options;
    const marked = await stores.instances.update(slot, { ...note, state: "draining" }).catch(ignoreGone);
    if (marked === undefined) return false;
    await publisher.publish();
    if (runtimeId === null) return true;
    if (projectSlug !== undefined) await driver.setAlias(runtimeId, { projectSlug, names: [] }).catch(ignoreGone);
    await Promise.all([gateway.drained(slot, drainTimeoutMs), this.#lastConnections(serviceId)]);
    await driver.stop(runtimeId, STOP_GRACE_MS);
    return true;
  }

  /** With nobody left to answer to the name there is nothing to wait for: its clients fail either way. */
  async #lastConnections(serviceId: string): Promise<void> {
    const { stores, clock } = this.#options;
    const records = await stores.instances.list({ serviceId });
    if (!records.some(({ state }) => state === "ready")) return;
    await new Promise<void>((resolve) => clock.schedule(NAME_GRACE_MS, resolve));
  }
}

/** An instance that is gone already needs no change. */
function ignoreGone(error: unknown): undefined {
  if (!isAppError(error, "not_found")) throw error;
}
