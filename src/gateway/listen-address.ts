/** `SLIPWAY_ADDR` as text: `:8080`, `127.0.0.1:8080`, `[::1]:8080`. Pure. */

import { isIP } from "node:net";
import type { ListenAddress } from "./gateway-server.ts";

/** @throws Error saying what an address looks like */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]*)):([0-9]{1,5})$/.exec(text.trim());
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2] ?? "";
  const isHost = match?.[1] === undefined || isIP(host) === 6;
  if (match === null || port > 65_535 || !isHost) {
    throw new Error(`${JSON.stringify(text)} is no address to listen on; write :8080, 127.0.0.1:8080 or [::1]:8080`);
  }
  return { host: host === "" ? undefined : host, port };
}

/** The other way round, with the port that was bound. */
export function formatListenAddress(address: ListenAddress): string {
  const { host = "", port } = address;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
