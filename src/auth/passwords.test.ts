import assert from "node:assert/strict";
import { argon2Sync } from "node:crypto";
import { test } from "node:test";
import { isAppError } from "../domain/errors.ts";
import { OWASP_PARAMETERS, Passwords } from "./passwords.ts";

const QUICK = { memoryKib: 64, passes: 1, lanes: 1 };

test("a password is kept as argon2id with OWASP's parameters and a salt of its own", async () => {
  const passwords = new Passwords();
  const [one, two] = await Promise.all([passwords.hash("correct horse"), passwords.hash("correct horse")]);
  assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  assert.notEqual(one, two);
  assert.equal(await passwords.verify("correct horse", one), true);
  assert.equal(await passwords.verify("correct horse ", one), false);
  assert.deepEqual(OWASP_PARAMETERS, { memoryKib: 19_456, passes: 2, lanes: 1 });
});

test("a hash of other parameters, or of another program, opens with its own", async () => {
  const salt = Buffer.from("somesaltsomesalt");
  const key = argon2Sync("argon2id", {
    message: "battery staple",
    nonce: salt,
    parallelism: 2,
    tagLength: 24,
    memory: 128,
    passes: 3,
  });
  const text = (bytes: Buffer) => bytes.toString("base64").replaceAll("=", "");
  const phc = `$argon2id$v=19$m=128,t=3,p=2$${text(salt)}$${text(key)}`;
  assert.equal(await new Passwords(QUICK).verify("battery staple", phc), true);
  assert.equal(await new Passwords(QUICK).verify("battery stable", phc), false);
});

test("letters that look the same are the same, however they were typed", async () => {
  const passwords = new Passwords(QUICK);
  assert.equal(await passwords.verify("pa\u0308sswort", await passwords.hash("p\u00e4sswort")), true);
});

test("nobody's password is never right, and a damaged hash is an error, not an open door", async () => {
  const passwords = new Passwords(QUICK);
  assert.equal(await passwords.verify("", undefined), false);
  for (const damaged of ["", "x", "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$aGFzaA", "$argon2id$v=19$m=64,t=1,p=1$$"])
    await assert.rejects(passwords.verify("x", damaged), (error) => isAppError(error, "internal"));
});

test("when very many wait, the next is told so instead of waiting too; later it goes again", async () => {
  const passwords = new Passwords(QUICK);
  const all = await Promise.allSettled(Array.from({ length: 80 }, () => passwords.hash("correct horse")));
  const refused = all.filter((one) => one.status === "rejected");
  assert.equal(refused.length, 30);
  assert.ok(refused.every(({ reason }) => isAppError(reason, "too_many_requests") && reason.retryAfterSeconds === 5));
  assert.match(await passwords.hash("correct horse"), /^\$argon2id/);
});
