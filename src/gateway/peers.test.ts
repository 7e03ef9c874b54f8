/** Who is trusted, and which ranges can be written. */

import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { describe, it } from "node:test";
import { Peers } from "./peers.ts";

function socketOf(remoteAddress: string): Socket {
  return { remoteAddress } as Socket;
}

describe("peers", () => {
  const peers = new Peers(["10.0.0.0/8", "192.168.1.1", "fd00::/8"]);

  it("trust addresses in the ranges, over IPv4, IPv6 and dual-stack sockets", () => {
    for (const address of ["10.1.2.3", "::ffff:10.1.2.3", "192.168.1.1", "fd00::1"]) {
      assert.ok(peers.of(socketOf(address)).isTrusted, address);
    }
    for (const address of ["11.0.0.1", "192.168.1.2", "fe80::1", "::ffff:11.0.0.1", ""]) {
      assert.ok(!peers.of(socketOf(address)).isTrusted, address);
    }
  });

  it("write an IPv4 address as such", () => {
    assert.equal(peers.of(socketOf("::ffff:10.1.2.3")).address, "10.1.2.3");
  });

  it("refuse what is no range, naming it", () => {
    for (const range of ["10.0.0.0/33", "10.0.0.0/8/8", "localhost", "10.0.0.0/", "fd00::/129"]) {
      assert.throws(() => new Peers([range]), { message: new RegExp(range.split("/")[0] ?? "") });
    }
  });
});
