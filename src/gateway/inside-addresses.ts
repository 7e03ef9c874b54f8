/**
 * Where instances reach the gateway (issue 3, part 10): the host's address on their network, at the public port and at
 * the one that FaaSO's proxy had, so that its funkos find each other. Pure.
 */

import type { ExtraAddress } from "./extra-listeners.ts";
import type { ListenAddress } from "./gateway-server.ts";

/** `http://faaso-proxy:8888/funko/hello/` is what FaaSO's funkos call. */
export const FAASO_PROXY_PORT = 8888;

/** @param bound the public address, with the port that was bound; what it covers is left out */
export function insideAddresses(hosts: Iterable<string>, bound: ListenAddress): readonly ExtraAddress[] {
  const isCovered = (host: string, port: number): boolean =>
    port === bound.port && (isAny(bound.host) || bound.host === host);
  const ports = [...new Set([bound.port, FAASO_PROXY_PORT])];
  return [...hosts].flatMap((host) =>
    ports.filter((port) => !isCovered(host, port)).map((port) => ({ host, port, isLocalPort: false })),
  );
}

function isAny(host: string | undefined): boolean {
  return host === undefined || host === "0.0.0.0" || host === "::";
}
