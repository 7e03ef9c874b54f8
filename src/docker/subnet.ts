/** Address arithmetic of projects' networks: the n-th /24 of the pool, and who has which address in it. Pure. */

import { AppError } from "../domain/errors.ts";

export const DEFAULT_NETWORK_POOL = "10.210.0.0/16";

export type Subnet = {
  /** Such as `10.210.3.0/24`. */
  readonly cidr: string;
  /** The host's own address on it: `.1`. */
  readonly gateway: string;
  /** Where the engine takes addresses for containers others connect: `.224/27`, so never one that Slipway assigns. */
  readonly foreignRange: string;
};

type Pool = { readonly base: number; readonly size: number };

/** @throws AppError `invalid` unless `pool` is an IPv4 block of /8 to /24 that starts at its first address */
export function requirePool(pool: string): void {
  parsePool(pool);
}

/** The /24 number `index` (from 0) of the pool. @throws AppError `invalid` (the pool), `unavailable` (it has no such many) */
export function subnetOf(pool: string, index: number): Subnet {
  const prefix = prefixOf(pool, index);
  return { cidr: `${prefix}.0/24`, gateway: `${prefix}.1`, foreignRange: `${prefix}.224/27` };
}

/** Address of that host number (1…254) in the /24 number `index`. @throws as `subnetOf` */
export function addressIn(pool: string, index: number, hostNumber: number): string {
  if (!Number.isInteger(hostNumber) || hostNumber < 1 || hostNumber > 254)
    throw new AppError("internal", `${hostNumber} is no host number of a /24.`);
  return `${prefixOf(pool, index)}.${hostNumber}`;
}

function prefixOf(pool: string, index: number): string {
  const { base, size } = parsePool(pool);
  if (!Number.isInteger(index) || index < 0) throw new AppError("internal", `${index} is no network index.`);
  if (index >= size) {
    throw new AppError("unavailable", `All ${size} networks of the pool ${pool} are in use.`, {
      remedy: "Set SLIPWAY_NETWORK_POOL to a larger block, or delete projects that are no longer needed.",
    });
  }
  const address = base + index * 256;
  return [24, 16, 8].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

function parsePool(pool: string): Pool {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(pool);
  const [a = 0, b = 0, c = 0, d = 0, bits = 0] = match?.slice(1).map(Number) ?? [];
  const base = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d;
  const isBlock = match !== null && [a, b, c, d].every((n) => n <= 255) && bits >= 8 && bits <= 24;
  if (!isBlock || base % 2 ** (32 - bits) !== 0) {
    throw new AppError("invalid", `${JSON.stringify(pool)} is no network pool.`, {
      remedy: `Set SLIPWAY_NETWORK_POOL to an IPv4 block of /8 to /24 that starts at its first address, such as ${DEFAULT_NETWORK_POOL}.`,
    });
  }
  return { base, size: 2 ** (24 - bits) };
}
