import assert from "node:assert/strict";
import { test } from "node:test";
import { familyOf, hashOf, isSameHash, isToken, newFamily, newRefreshToken, newToken } from "./tokens.ts";

test("tokens have the prefix the gateway knows and 32 random bytes", () => {
  const tokens = Array.from({ length: 1000 }, newToken);
  assert.equal(new Set(tokens).size, 1000);
  for (const token of tokens) {
    assert.ok(isToken(token) && token.startsWith("slw_"));
    assert.equal(Buffer.from(token.slice(4), "base64url").length, 32);
  }
});

test("refresh tokens of one family share it and differ in the rest; they are no access tokens", () => {
  const family = newFamily();
  const [one, two] = [newRefreshToken(family), newRefreshToken(family)];
  assert.notEqual(one, two);
  assert.deepEqual([familyOf(one), familyOf(two)], [family, family]);
  assert.equal(isToken(one), false);
  for (const other of ["", "slw_", newToken(), `${one}x`, one.slice(0, -1), `x${one}`, `${one}.${family}`])
    assert.equal(familyOf(other), undefined, other);
});

test("hashes are SHA-256 in hex and compared whole", () => {
  assert.equal(hashOf("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.equal(isSameHash(hashOf("a"), hashOf("a")), true);
  assert.equal(isSameHash(hashOf("a"), hashOf("b")), false);
  assert.equal(isSameHash("short", hashOf("a")), false);
});
