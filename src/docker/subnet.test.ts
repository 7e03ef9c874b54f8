import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isAppError } from "../domain/errors.ts";
import { addressIn, requirePool, subnetOf } from "./subnet.ts";

describe("subnetOf", () => {
  it("cuts the pool into /24s by index, with the host at .1 and foreign containers from .224 on", () => {
    assert.deepEqual(subnetOf("10.210.0.0/16", 0), {
      cidr: "10.210.0.0/24",
      gateway: "10.210.0.1",
      foreignRange: "10.210.0.224/27",
    });
    assert.equal(subnetOf("10.210.0.0/16", 255).cidr, "10.210.255.0/24");
    assert.equal(subnetOf("172.16.0.0/12", 256).cidr, "172.17.0.0/24");
    assert.equal(subnetOf("10.0.0.0/8", 65_535).cidr, "10.255.255.0/24");
  });

  it("never gives two indexes the same network", () => {
    const index = fc.integer({ min: 0, max: 4095 });
    fc.assert(
      fc.property(index, index, (a, b) => {
        const isSame = subnetOf("172.16.0.0/12", a).cidr === subnetOf("172.16.0.0/12", b).cidr;
        assert.equal(isSame, a === b);
      }),
    );
  });

  it("a pool that is used up is unavailable, and the remedy names the setting", () => {
    const isUsedUp = (error: unknown) =>
      isAppError(error, "unavailable") && /SLIPWAY_NETWORK_POOL/.test(error.remedy ?? "");
    assert.throws(() => subnetOf("10.210.0.0/16", 256), isUsedUp);
    assert.throws(() => subnetOf("10.210.7.0/24", 1), isUsedUp);
  });
});

describe("requirePool", () => {
  it("accepts blocks of /8 to /24 that start at their first address", () => {
    for (const pool of ["10.0.0.0/8", "10.210.0.0/16", "192.168.4.0/22", "192.168.4.0/24"]) requirePool(pool);
  });

  it("refuses everything else, naming the setting", () => {
    for (const pool of ["", "10.210.0.0", "10.210.1.0/16", "10.210.0.0/25", "10.0.0.0/7", "10.300.0.0/16", "fd00::/16"])
      assert.throws(
        () => requirePool(pool),
        (error) => isAppError(error, "invalid") && /SLIPWAY_NETWORK_POOL/.test(error.remedy ?? ""),
        pool,
      );
  });
});

describe("addressIn", () => {
  it("is the host number in the network of that index", () => {
    assert.equal(addressIn("10.210.0.0/16", 3, 17), "10.210.3.17");
  });

  it("refuses what is no host of a /24", () => {
    for (const hostNumber of [0, 255, -1, 1.5]) assert.throws(() => addressIn("10.210.0.0/16", 3, hostNumber));
  });
});
