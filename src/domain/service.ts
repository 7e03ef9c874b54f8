/** A service: something that runs in a project. A function is a service of kind `function`. */

import type { Page } from "./project.ts";

export const SERVICE_STATUSES = ["created", "deploying", "running", "degraded", "failed", "stopped"] as const;
export type ServiceStatus = (typeof SERVICE_STATUSES)[number];
export type ServiceKind = "function" | "image";

export type Service = {
  readonly id: string;
  readonly projectId: string;
  /** Lower-case DNS label, unique in its project. */
  readonly name: string;
  readonly kind: ServiceKind;
  readonly status: ServiceStatus;
  /** What its owner wants; `stopped` keeps everything but the instances. */
  readonly desired: "running" | "stopped";
  /** How many instances its owner scaled it to (1 or more); null: never scaled, its deployments say. */
  readonly replicas: number | null;
  /** Not reachable through the gateway. */
  readonly isPrivate: boolean;
  /** First host label it answers to; unique on the server. */
  readonly routeName: string;
  /** Port on 127.0.0.1 the gateway listens on for it (lambdaathome uploads); unique on the server. */
  readonly localPort: number | null;
  /** lambdaathome's image tag; unique on the server. */
  readonly tag: string | null;
  readonly runtime: string | null;
  /** lambdaathome's volume text as it was uploaded. */
  readonly volumeText: string;
  readonly iconUrl: string | null;
  /** The preset it was made from. */
  readonly preset: string | null;
  /** Its folder below `volumes/<project slug>/`: the name it had first, so that its data outlives a rename. */
  readonly volumesName: string;
  /** Names it had before and still answers to on its project's network, the newest first. No other service has one of them. */
  readonly formerNames: readonly string[];
  /** The deployment that serves; flips only when another one is healthy. */
  readonly activeDeploymentId: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
};

/** `name` matches a part, whatever its case. */
export type ServiceFilter = { readonly projectId?: string; readonly kind?: ServiceKind; readonly name?: string };

export interface ServiceStore {
  /** @throws AppError `not_found` */
  get(id: string): Promise<Service>;
  find(id: string): Promise<Service | undefined>;
  findByName(projectId: string, name: string): Promise<Service | undefined>;
  findByRouteName(routeName: string): Promise<Service | undefined>;
  findByLocalPort(port: number): Promise<Service | undefined>;
  findByTag(tag: string): Promise<Service | undefined>;
  /** Sorted by name, then id; `order: "newest"`: newest first, equal times by id. */
  list(filter?: ServiceFilter & Page & { readonly order?: "name" | "newest" }): Promise<readonly Service[]>;
  count(filter?: ServiceFilter): Promise<number>;
  /** @throws AppError `conflict` naming the field: name, routeName, localPort or tag */
  create(service: Service): Promise<void>;
  /** @throws AppError `not_found`, `conflict` as for create */
  update(id: string, patch: Partial<Omit<Service, "id" | "projectId" | "kind" | "createdAt">>): Promise<Service>;
  /**
   * Removes it with its deployments, builds, routes, kept variables and canvas node. Its instance records stay: their addresses are needed until the
   * instances are gone. Idempotent.
   */
  remove(id: string): Promise<void>;
}
