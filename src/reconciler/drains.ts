/**
 * Takes instances out of service beside the reconciler's queue, because requests under way may take a while: out of the
 * route (acknowledged by all workers), then requests end, then it stops. What follows is one of two: the slot goes, or it
 * waits for its next start.
 */

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
  readonly logger: Logger;
  /** Longest time requests under way may take once their instance is to stop, in milliseconds. */
  readonly drainTimeoutMs: number;
  /** Called when a drain has ended, or has to be tried again after a while. */
  readonly onDrained: (serviceId: string, retryInMs: number) => void;
};

/** Where an instance's network name is. */
export type ServiceNames = { readonly projectSlug: string; readonly serviceName: string };

/** Between SIGTERM and SIGKILL, in milliseconds. */
const STOP_GRACE_MS = 10_000;
const RETRY_MS = 2_000;

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
   * Without names (the service was deleted, before a restart of Slipway) its network name stays until it stops.
   */
  begin(
    record: InstanceRecord,
    names: ServiceNames | undefined,
    note: Partial<InstanceRecord>,
    finish: () => Promise<void>,
  ): void {
    if (this.#underWay.has(record.slot)) return;
    const { logger, onDrained } = this.#options;
    const drain = this.#drain(record, names, note)
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
    { slot, runtimeId }: InstanceRecord,
    names: ServiceNames | undefined,
    note: Partial<InstanceRecord>,
  ): Promise<boolean> {
    const { stores, publisher, gateway, driver, drainTimeoutMs } = this.#options;
    const marked = await stores.instances.update(slot, { ...note, state: "draining" }).catch(ignoreGone);
    if (marked === undefined) return false;
    await publisher.publish();
    if (runtimeId === null) return true;
    if (names !== undefined) await driver.setAlias(runtimeId, { ...names, isOn: false }).catch(ignoreGone);
    await gateway.drained(slot, drainTimeoutMs);
    await driver.stop(runtimeId, STOP_GRACE_MS);
    return true;
  }
}

/** An instance that is gone already needs no change. */
function ignoreGone(error: unknown): undefined {
  if (!isAppError(error, "not_found")) throw error;
}
