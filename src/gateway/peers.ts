/** Who is at the other end of a client connection, looked up once per connection. */

import type { Socket } from "node:net";
import { BlockList, isIPv4, isIPv6 } from "node:net";

export type Peer = {
  /** IPv4 addresses are written as such, also when they came over a dual-stack socket. */
  readonly address: string;
  /** Its X-Forwarded-… and X-Request-Id are believed. */
  readonly isTrusted: boolean;
};

export class Peers {
  readonly #trusted = new BlockList();
  readonly #known = new WeakMap<Socket, Peer>();

  /** @param trustedProxies addresses and CIDR ranges; @throws Error naming the one that is neither */
  constructor(trustedProxies: readonly string[]) {
    for (const range of trustedProxies) this.#trust(range);
  }

  of(socket: Socket): Peer {
    const known = this.#known.get(socket);
    if (known !== undefined) return known;
    const raw = socket.remoteAddress ?? "";
    const address = raw.startsWith("::ffff:") && isIPv4(raw.slice(7)) ? raw.slice(7) : raw;
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    const peer = { address, isTrusted: address !== "" && this.#trusted.check(address, family) };
    this.#known.set(socket, peer);
    return peer;
  }

  #trust(range: string): void {
    const [address = "", bits, ...more] = range.split("/");
    const limit = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1;
    const prefix = bits === undefined ? limit : /^[0-9]{1,3}$/.test(bits) ? Number(bits) : -1;
    if (limit < 0 || prefix < 0 || prefix > limit || more.length > 0) {
      throw new Error(`${JSON.stringify(range)} is neither an address nor a range such as 10.0.0.0/8`);
    }
    this.#trusted.addSubnet(address, prefix, limit === 32 ? "ipv4" : "ipv6");
  }
}
