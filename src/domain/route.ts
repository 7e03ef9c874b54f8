/**
 * The routing table and how a request is matched to a service (design 2, order of matching). Pure: a worker compiles a
 * table once and then only looks things up in Maps.
 */

/** Where a request can be sent: one ready instance. */
export type RouteTarget = {
  readonly slot: string;
  readonly address: string;
  readonly port: number;
};

/**
 * `ready`: has targets. `parked`: it will be back at once (a swap or a fresh crash), requests wait up to `parkMs`.
 * The others answer 503 with that word.
 */
export type RouteState = "ready" | "parked" | "building" | "starting" | "stopped" | "failed";

export type ServiceRoute = {
  readonly serviceId: string;
  readonly name: string;
  readonly projectSlug: string;
  readonly state: RouteState;
  readonly targets: readonly RouteTarget[];
  /** Longest time until the first byte of an answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Longest time a request waits while parked, in milliseconds. */
  readonly parkMs: number;
};

/** What control sends to the workers. Lists are sorted, so that equal tables are equal text. */
export type RouteTable = {
  readonly services: readonly ServiceRoute[];
  /** Exact host (lower case, no port) → service id. */
  readonly hosts: readonly (readonly [host: string, serviceId: string])[];
  /** First host label, and name under /funko/ and /faaso/ → service id. */
  readonly labels: readonly (readonly [label: string, serviceId: string])[];
  /** Path prefix such as `/sum` → service id. */
  readonly paths: readonly (readonly [prefix: string, serviceId: string])[];
  /** Port on 127.0.0.1 → service id. */
  readonly localPorts: readonly (readonly [port: number, serviceId: string])[];
  /** With it, labels match only in front of it or of `localhost`. Lower case. */
  readonly baseDomain: string | null;
  /** The platform's own host on which what paths lead to needs no sandbox. Lower case. */
  readonly pathHost: string | null;
  /** Addresses of the host on the networks of instances, where workers listen for them. IPv4. */
  readonly insideAddresses: readonly string[];
};

export const EMPTY_TABLE: RouteTable = {
  services: [],
  hosts: [],
  labels: [],
  paths: [],
  localPorts: [],
  baseDomain: null,
  pathHost: null,
  insideAddresses: [],
};

export type CompiledTable = {
  readonly services: ReadonlyMap<string, ServiceRoute>;
  readonly hosts: ReadonlyMap<string, ServiceRoute>;
  readonly labels: ReadonlyMap<string, ServiceRoute>;
  readonly paths: ReadonlyMap<string, ServiceRoute>;
  readonly localPorts: ReadonlyMap<number, ServiceRoute>;
  readonly baseDomain: string | null;
  readonly pathHost: string | null;
  /** Length of the longest path prefix: what bounds the look-ups a request with very many slashes can cause. */
  readonly longestPath: number;
};

export function compileTable(table: RouteTable): CompiledTable {
  const services = new Map(table.services.map((s) => [s.serviceId, s]));
  const resolve = <K>(pairs: readonly (readonly [K, string])[]): Map<K, ServiceRoute> => {
    const map = new Map<K, ServiceRoute>();
    for (const [key, id] of pairs) {
      const service = services.get(id);
      if (service !== undefined) map.set(key, service);
    }
    return map;
  };
  return {
    services,
    hosts: resolve(table.hosts),
    labels: resolve(table.labels),
    paths: resolve(table.paths),
    localPorts: resolve(table.localPorts),
    baseDomain: table.baseDomain,
    pathHost: table.pathHost,
    longestPath: table.paths.reduce((longest, [prefix]) => Math.max(longest, prefix.length), 0),
  };
}

export type RouteMatch =
  | {
      readonly kind: "service";
      readonly service: ServiceRoute;
      /** The path and query to send on. */
      readonly target: string;
      /** What was stripped from the path; "" when nothing was. */
      readonly prefix: string;
      /** Its pages share a host with the platform's own, and must not act as who is signed in there (design 10). */
      readonly isSandboxed: boolean;
    }
  | { readonly kind: "redirect"; readonly location: string }
  | { readonly kind: "unknown_function"; readonly name: string }
  | { readonly kind: "platform" };

const PLATFORM: RouteMatch = { kind: "platform" };

/**
 * @param host value of the Host header as sent (port and case do not matter)
 * @param target path and query as sent, starting with `/` (or `*`)
 */
export function matchRoute(table: CompiledTable, host: string, target: string): RouteMatch {
  const hostname = hostnameOf(host);
  if (hostname === table.pathHost) return matchPath(table, target, false);
  const byHost = table.hosts.get(hostname) ?? serviceOfLabel(table, hostname);
  if (byHost !== undefined) return { kind: "service", service: byHost, target, prefix: "", isSandboxed: false };
  return matchPath(table, target, true);
}

/** Host without port and trailing dot, lower case. */
export function hostnameOf(host: string): string {
  const colon = host.startsWith("[") ? host.indexOf(":", host.indexOf("]")) : host.indexOf(":");
  const name = (colon < 0 ? host : host.slice(0, colon)).toLowerCase();
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

function serviceOfLabel(table: CompiledTable, hostname: string): ServiceRoute | undefined {
  const dot = hostname.indexOf(".");
  const label = dot < 0 ? hostname : hostname.slice(0, dot);
  const service = table.labels.get(label);
  if (service === undefined || table.baseDomain === null) return service;
  const rest = dot < 0 ? "" : hostname.slice(dot + 1);
  return rest === table.baseDomain || rest === "localhost" ? service : undefined;
}

function matchPath(table: CompiledTable, target: string, isSandboxed: boolean): RouteMatch {
  const query = target.indexOf("?");
  const path = query < 0 ? target : target.slice(0, query);
  const rest = query < 0 ? "" : target.slice(query);
  if (path.startsWith("/funko/") || path.startsWith("/faaso/")) {
    const end = path.indexOf("/", 7);
    const name = end < 0 ? path.slice(7) : path.slice(7, end);
    if (name === "") return PLATFORM;
    // FaaSO's own names may have capitals; they are lower-cased when they become functions here.
    const service = table.labels.get(name) ?? table.labels.get(name.toLowerCase());
    if (service === undefined) return { kind: "unknown_function", name };
    if (end < 0) return { kind: "redirect", location: `${path}/${rest}` };
    return { kind: "service", service, target: path.slice(end) + rest, prefix: path.slice(0, end), isSandboxed };
  }
  if (table.paths.size === 0) return PLATFORM;
  const first = path.length <= table.longestPath ? path.length : path.lastIndexOf("/", table.longestPath);
  for (let end = first; end > 0; end = path.lastIndexOf("/", end - 1)) {
    const service = table.paths.get(path.slice(0, end));
    if (service !== undefined) {
      const below = path.slice(end);
      const prefix = path.slice(0, end);
      return { kind: "service", service, target: (below === "" ? "/" : below) + rest, prefix, isSandboxed };
    }
  }
  return PLATFORM;
}
