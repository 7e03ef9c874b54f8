import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AppError } from "../domain/errors.ts";
import { redactError, redactor } from "./redact.ts";

test("no value is left in a text, wherever it stands", () =>
  fc.assert(
    fc.property(
      fc.stringMatching(/^[A-Za-z0-9!$/+-]{5,40}$/),
      fc.string({ maxLength: 20 }),
      fc.string({ maxLength: 20 }),
      (value, before, after) => {
        const redacted = redactor([Buffer.from(`${value}\n`)])(`${before}${value}${after}\n`);
        assert.ok(!redacted.includes(value));
        assert.ok(redacted.endsWith("\n"));
      },
    ),
  ));

test("each line of a longer one goes, and its base64", () => {
  const pem = "-----BEGIN-----\nabcdefgh\n12\n-----END-----\n";
  const redact = redactor([Buffer.from(pem)]);
  assert.equal(redact("key abcdefgh, 12\n"), "key ***, 12\n");
  assert.equal(redact(`${Buffer.from(pem).toString("base64")}\n`), "***\n");
});

test("an empty value changes nothing, a short one goes all the same", () => {
  assert.equal(redactor([Buffer.alloc(0), Buffer.from("\n")])("text"), "text");
  assert.equal(redactor([Buffer.from("xy")])("axyb"), "a***b");
});

test("an error loses the values in message and log, and what caused it", () => {
  const error = new AppError("build_failed", "it said hunter22", {
    logTail: "hunter22",
    cause: "hunter22",
    remedy: "r",
  });
  const redacted = redactError(error, redactor([Buffer.from("hunter22")])) as AppError;
  assert.deepEqual(
    [redacted.code, redacted.message, redacted.logTail, redacted.cause, redacted.remedy],
    ["build_failed", "it said ***", "***", undefined, "r"],
  );
});
