import assert from "node:assert/strict";
import { test } from "node:test";
import { PASSKEY_ACTOR } from "./actor.ts";
import { auditOf, isAudited } from "./audit.ts";

const request = { method: "POST", changesState: false, failure: undefined, isSignIn: false };

test("changes and what may have changed something are written down, reads and refusals before it began are not", () => {
  for (const method of ["POST", "PUT", "PATCH", "DELETE"]) assert.equal(isAudited({ ...request, method }), true);
  for (const method of ["GET", "HEAD", "OPTIONS"]) assert.equal(isAudited({ ...request, method }), false);
  assert.equal(isAudited({ ...request, method: "GET", changesState: true }), true);
  for (const failure of ["forbidden", "internal", "disk_full", "build_failed", "timeout"] as const)
    assert.equal(isAudited({ ...request, failure }), true, failure);
  for (const failure of ["unauthorized", "not_found", "unprocessable", "conflict", "too_many_requests"] as const)
    assert.equal(isAudited({ ...request, failure }), false, failure);
  assert.equal(isAudited({ ...request, failure: "unauthorized", isSignIn: true }), true);
  assert.equal(isAudited({ ...request, failure: "too_many_requests", isSignIn: true }), false);
});

test("an entry says who; a query and endless texts are left out", () => {
  const done = { action: "ws node:delete", target: `/x?token=secret`, status: 200, from: "1.2.3.4", requestId: "r" };
  assert.deepEqual(auditOf(PASSKEY_ACTOR, { ...done, triedAs: "nobody" }), {
    ...done,
    target: "/x",
    actorKind: "passkey",
    userId: null,
    actorName: "passkey",
  });
  const stranger = auditOf(undefined, { ...done, target: `/${"x".repeat(9000)}`, triedAs: "y".repeat(9000) });
  assert.deepEqual([stranger.actorKind, stranger.actorName.length, stranger.target.length], ["anonymous", 500, 500]);
});
