/** Where a request comes from, as the gateway in front of this process tells it. */

import { isIP, isIPv4 } from "node:net";
import type { FastifyRequest } from "fastify";

const LOOPBACK = "127.0.0.1";

/**
 * IP address of the client, to log and to count by. The gateway names its own peer, and passes `X-Forwarded-For` on only
 * from a proxy the operator trusts, with the peer added at the end: what stands before that is whom the trusted proxy
 * saw, and anything further left may be made up. A request that did not come through the gateway is from this machine.
 */
export function clientAddress(request: Pick<FastifyRequest, "headers">): string {
  const { "x-slipway-peer": peer, "x-forwarded-for": forwardedFor } = request.headers;
  if (typeof peer !== "string" || isIP(peer) === 0) return LOOPBACK;
  const chain = [forwardedFor ?? ""].flat().join(",").split(",");
  const seen = plain(chain.at(-2)?.trim() ?? "");
  return isIP(seen) === 0 ? peer : seen;
}

/** From this machine, and no proxy stands between. */
export function isLocal(request: Pick<FastifyRequest, "headers">): boolean {
  const { "x-slipway-forwarded": forwarded, "x-slipway-peer": peer } = request.headers;
  if (forwarded !== undefined || Array.isArray(peer)) return false;
  return peer === undefined || peer === "::1" || peer.startsWith("127.") || peer.startsWith("::ffff:127.");
}

/** Without brackets and port, as some proxies write it; IPv4 as IPv4. */
function plain(address: string): string {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(address)?.[1] ?? address.replace(/^(\d+(?:\.\d+){3}):\d+$/, "$1");
  return bare.toLowerCase().startsWith("::ffff:") && isIPv4(bare.slice(7)) ? bare.slice(7) : bare;
}
