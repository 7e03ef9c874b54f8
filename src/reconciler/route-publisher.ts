/** Keeps the gateway's routing table true to the store. Calls that come together share one publication. */

import type { AdoptedFunction } from "../domain/adoption.ts";
import { COMING, type DeploymentStatus } from "../domain/deployment.ts";
import type { Gateway } from "../domain/gateway.ts";
import type { Project } from "../domain/project.ts";
import type { RouteTable } from "../domain/route.ts";
import { buildRouteTable } from "../domain/route-table.ts";
import type { Database } from "../domain/stores.ts";

const MATTERS: readonly DeploymentStatus[] = [...COMING, "healthy"];

export type RoutePublisherOptions = {
  readonly database: Pick<Database, "transact">;
  readonly gateway: Pick<Gateway, "publish">;
  readonly baseDomain: string | null;
  /** The platform's host whose paths need no sandbox. */
  readonly pathHost?: string | null;
  /** What others started. */
  readonly adopted?: () => readonly AdoptedFunction[];
  /** Told once of each name that a service has and something started outside wants. */
  readonly onShadowed?: (name: string) => void;
  /** Addresses of the host on the networks of instances. */
  readonly insideAddresses?: (projects: readonly Project[]) => readonly string[];
};

export class RoutePublisher {
  readonly #options: RoutePublisherOptions;
  #current: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #shadowed: ReadonlySet<string> = new Set();

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
    const { database, baseDomain, pathHost = null, insideAddresses } = this.#options;
    const adopted = this.#options.adopted?.() ?? [];
    return database.transact(async (tx) => {
      const projects = await tx.projects.list();
      const services = await tx.services.list();
      this.#noteShadowed(adopted, new Set(services.map((s) => s.routeName)));
      return buildRouteTable({
        projects,
        services,
        deployments: await tx.deployments.list({ statuses: MATTERS }),
        records: await tx.instances.list(),
        routes: await tx.routes.list(),
        adopted,
        baseDomain,
        pathHost,
        insideAddresses: insideAddresses?.(projects) ?? [],
      });
    });
  }

  #noteShadowed(adopted: readonly AdoptedFunction[], routeNames: ReadonlySet<string>): void {
    const shadowed = new Set(adopted.map(({ name }) => name).filter((name) => routeNames.has(name)));
    for (const name of shadowed) if (!this.#shadowed.has(name)) this.#options.onShadowed?.(name);
    this.#shadowed = shadowed;
  }

  async #publishNow(): Promise<void> {
    await this.#options.gateway.publish(await this.readTable());
  }
}
