import assert from "node:assert/strict";
import { test } from "node:test";
import { isAppError } from "./errors.ts";
import { chooseHostNumber, type HostNumberUse, lowestFree } from "./host-number.ts";
import { FIRST_HOST_NUMBER, LAST_HOST_NUMBER } from "./instance.ts";

const REST_MS = 1000;

test("the first slot of a network gets its first number", () => {
  assert.equal(chooseHostNumber([], "a-0", 0, REST_MS), FIRST_HOST_NUMBER);
});

test("a slot gets its own number back while it rests", () => {
  const uses: HostNumberUse[] = [{ hostNumber: 7, slot: "a-0", freedAt: 500 }];
  assert.equal(chooseHostNumber(uses, "a-0", 501, REST_MS), 7);
});

test("a freed number goes to another slot only when it has rested", () => {
  const uses: HostNumberUse[] = [{ hostNumber: FIRST_HOST_NUMBER, slot: "a-0", freedAt: 500 }];
  assert.equal(chooseHostNumber(uses, "b-0", 1499, REST_MS), FIRST_HOST_NUMBER + 1);
  assert.equal(chooseHostNumber(uses, "b-0", 1500, REST_MS), FIRST_HOST_NUMBER);
});

test("a network with every number held or resting is unavailable and says when to try again", () => {
  const uses = Array.from({ length: LAST_HOST_NUMBER - FIRST_HOST_NUMBER + 1 }, (_, i) => ({
    hostNumber: FIRST_HOST_NUMBER + i,
    slot: `a-${i}`,
    freedAt: i === 3 ? 900 : null,
  }));
  assert.throws(
    () => chooseHostNumber(uses, "b-0", 1000, REST_MS),
    (error) => isAppError(error, "unavailable") && error.retryAfterSeconds === 1,
  );
  assert.equal(chooseHostNumber(uses, "b-0", 1900, REST_MS), FIRST_HOST_NUMBER + 3);
});

test("the lowest free number fills gaps first", () => {
  assert.equal(lowestFree(new Set([0, 1, 3])), 2);
  assert.equal(lowestFree(new Set()), 0);
});
