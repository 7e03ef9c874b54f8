import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "../domain/errors.ts";
import { LOGIN_WINDOW_MS, LoginLimiter } from "./login-limiter.ts";

function bench() {
  const time = { now: 1000 };
  const limiter = new LoginLimiter(() => time.now);
  /** Seconds to wait; 0: the attempt was let through, and failed. */
  const fail = (email: string, address: string): number => {
    try {
      limiter.begin(email, address);
      return 0;
    } catch (error) {
      assert.ok(error instanceof AppError && error.code === "too_many_requests");
      return error.retryAfterSeconds ?? assert.fail("it says how long to wait");
    }
  };
  return { time, limiter, fail };
}

test("the 6th failure for an e-mail waits until the 1st is 15 minutes old, and no longer", () => {
  const { time, fail } = bench();
  for (let i = 0; i < 5; i += 1) {
    assert.equal(fail("a", "1.1.1.1"), 0);
    time.now += 60_000;
  }
  assert.equal(fail("a", "1.1.1.1"), 600);
  assert.equal(fail("a", "2.2.2.2"), 600, "from a new address as well");
  assert.equal(fail("b", "1.1.1.1"), 0);
  time.now += 599_999;
  assert.equal(fail("a", "1.1.1.1"), 1);
  time.now += 1;
  assert.equal(fail("a", "1.1.1.1"), 0, "the window slides: one more");
  assert.equal(fail("a", "1.1.1.1"), 60);
});

test("the 21st failure from an address waits; an IPv6 network counts as one address", () => {
  const { fail, time } = bench();
  for (let i = 0; i < 20; i += 1) assert.equal(fail(`e${i}`, `2001:db8:0:7::${i.toString(16)}`), 0);
  assert.equal(fail("x", "2001:0db8::7:1:2:3:4"), 900);
  assert.equal(fail("x", "2001:db8:0:8::1"), 0);
  assert.equal(fail("y", "::1"), 0);
  time.now += LOGIN_WINDOW_MS;
  assert.equal(fail("x", "2001:db8:0:7::9"), 0);
});

test("success clears the e-mail, not the address: an account of one's own is no way to guess on", () => {
  const { limiter, fail } = bench();
  for (let i = 0; i < 4; i += 1) fail("mine", "1.1.1.1");
  limiter.begin("mine", "1.1.1.1").succeed();
  for (let i = 0; i < 5; i += 1) assert.equal(fail("mine", "1.1.1.1"), 0);
  assert.ok(fail("mine", "1.1.1.1") > 0);
  for (let i = 0; i < 11; i += 1) assert.equal(fail(`other${i}`, "1.1.1.1"), 0);
  assert.ok(fail("last", "1.1.1.1") > 0, "4 + 5 + 11 failures, whatever succeeded between");
});

test("strangers lock nobody out of where that person signed in before, and get no more guesses by it", () => {
  const { limiter, fail } = bench();
  limiter.begin("ann", "10.0.0.1").succeed();
  for (let i = 0; i < 5; i += 1) fail("ann", "6.6.6.6");
  assert.ok(fail("ann", "6.6.6.6") > 0);
  assert.equal(fail("ann", "10.0.0.1"), 0);
  limiter.begin("ann", "10.0.0.1").succeed();
  assert.ok(fail("ann", "6.6.6.6") > 0, "Ann's own success does not let the stranger go on");
});

test("an attempt that was withdrawn never was", () => {
  const { limiter, fail } = bench();
  for (let i = 0; i < 50; i += 1) limiter.begin("a", "1.1.1.1").withdraw();
  for (let i = 0; i < 5; i += 1) assert.equal(fail("a", "1.1.1.1"), 0);
});

test("it remembers a bounded number of failures, the newest", () => {
  const { fail } = bench();
  for (let i = 0; i < 30_000; i += 1) fail(`e${i}`, `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  for (let i = 0; i < 4; i += 1) assert.equal(fail("e29999", `11.0.0.${i}`), 0);
  assert.ok(fail("e29999", "11.0.0.9") > 0, "the last is remembered");
  for (let i = 0; i < 5; i += 1) assert.equal(fail("e0", `11.0.1.${i}`), 0, "the first is forgotten");
});
