/** Hosts and paths that a service has beside its name: what a manifest's `routes` ask for and what the store keeps. */

/** `host`: exact, lower case, e.g. `hello.example.com`. `path`: whole segments, no slash at the end, e.g. `/sum`. */
export type RouteClaim = { readonly kind: "host" | "path"; readonly value: string };

export type RouteRecord = RouteClaim & {
  readonly id: string;
  readonly serviceId: string;
  /** Who asked for it: the manifest of what serves (it goes when a later one no longer names it), or an owner by hand. */
  readonly origin: "manifest" | "owner";
  readonly createdAt: number;
};

export interface RouteStore {
  /** Sorted by kind, then value. */
  list(filter?: { readonly serviceId?: string }): Promise<readonly RouteRecord[]>;
  find(claim: RouteClaim): Promise<RouteRecord | undefined>;
  /** @throws AppError `conflict` when that host or path is taken (field `value`), `not_found` (service) */
  create(record: RouteRecord): Promise<void>;
  /** Idempotent. A service's routes also go with it. */
  remove(id: string): Promise<void>;
}
