/** Keeps the gateway's routing table true to the store. Calls that come together share one publication. */

import { COMING, type DeploymentStatus } from "../domain/deployment.ts";
import type { Gateway } from "../domain/gateway.ts";
import type { RouteTable } from "../domain/route.ts";
import { buildRouteTable } from "../domain/route-table.ts";
import type { Database } from "../domain/stores.ts";

const MATTERS: readonly DeploymentStatus[] = [...COMING, "healthy"];

export type RoutePublisherOptions = {
  readonly database: Pick<Database, "transact">;
  readonly gateway: Pick<Gateway, "publish">;
  readonly baseDomain: string | null;
};

export class RoutePublisher {
  readonly #options: RoutePublisherOptions;
  #current: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(options: RoutePublisherOptions) {
    this.#options = options;
  }

  /** Resolves once every worker routes by what the store held when (or after) this was called. */
  publish(): Promise<void> {
    if (this.#current === undefined) {
      this.#current = this.#publishNow().finally(() => {
        this.#current = undefined;
      });
      return this.#current;
    }
    // One is under way and may have read the store before the caller's change: another follows, shared by all who wait.
    this.#next ??= this.#current
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.publish();
      });
    return this.#next;
  }

  /** In one transaction: a table out of two states of the store could name a service without its deployment. */
  readTable(): Promise<RouteTable> {
    const { database, baseDomain } = this.#options;
    return database.transact(async (tx) =>
      buildRouteTable({
        projects: await tx.projects.list(),
        services: await tx.services.list(),
        deployments: await tx.deployments.list({ statuses: MATTERS }),
        records: await tx.instances.list(),
        baseDomain,
      }),
    );
  }

  async #publishNow(): Promise<void> {
    await this.#options.gateway.publish(await this.readTable());
  }
}
