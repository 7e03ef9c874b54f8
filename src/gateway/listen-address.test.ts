/** Addresses as an operator writes them. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatListenAddress, parseListenAddress } from "./listen-address.ts";

describe("listen address", () => {
  it("is read and written the same", () => {
    for (const text of [":8080", ":0", "127.0.0.1:8080", "[::1]:8080", "localhost:80"]) {
      assert.equal(formatListenAddress(parseListenAddress(text)), text);
    }
    assert.equal(parseListenAddress(":1").host, undefined);
  });

  it("is refused when it has no port or can't be told apart", () => {
    for (const text of ["8080", "", "127.0.0.1", "::1:8080", ":65536", "[::1]", "[a]:1", ":80a"]) {
      assert.throws(() => parseListenAddress(text), /write :8080/, text);
    }
  });
});
