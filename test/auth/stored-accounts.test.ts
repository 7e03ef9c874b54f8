/** Accounts over a store and a clock of the test's own: what time does to tokens, and what restarts and races do. */

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { LoginLimiter } from "../../src/auth/login-limiter.ts";
import { Passwords } from "../../src/auth/passwords.ts";
import { SessionCleaner } from "../../src/auth/session-cleaner.ts";
import { StoredAccounts } from "../../src/auth/stored-accounts.ts";
import { hashOf } from "../../src/auth/tokens.ts";
import { AppError, type ErrorCode, isAppError } from "../../src/domain/errors.ts";
import { ACCESS_TTL_MS, REFRESH_TTL_MS } from "../../src/domain/session.ts";
import type { Database } from "../../src/domain/stores.ts";
import { MemoryDatabase } from "../../src/memory/memory-database.ts";
import { SqliteDatabase } from "../../src/store/sqlite-database.ts";
import { eventually } from "../engine/eventually.ts";
import { FakeClock } from "../support/fake-clock.ts";

const PASSWORD = "correct horse";
const MINUTE_MS = 60_000;

function accountsOver(database: Database, clock = new FakeClock(), limiter = new LoginLimiter(() => clock.now())) {
  const warned: string[] = [];
  const accounts = new StoredAccounts({
    database,
    clock,
    passwords: new Passwords({ memoryKib: 64, passes: 1, lanes: 1 }),
    limiter,
    events: { publish: () => undefined },
    logger: { debug() {}, info() {}, error() {}, warn: (_, message) => void warned.push(message) },
  });
  return { accounts, clock, limiter, warned };
}

async function bench() {
  const database = new MemoryDatabase();
  const parts = accountsOver(database);
  const user = await parts.accounts.createUser({ email: "ann@x.de", name: "Ann", password: PASSWORD, role: "member" });
  return { ...parts, database, user, logIn: () => parts.accounts.logIn(user.email, PASSWORD, "10.0.0.1") };
}

const rejectsWith = (code: ErrorCode, work: Promise<unknown>) => assert.rejects(work, (e) => isAppError(e, code));

test("an access token is good for 15 minutes to the millisecond, a refresh token for 7 days", async () => {
  const { accounts, clock, logIn } = await bench();
  const { accessToken, refreshToken, expiresAt } = await logIn();
  assert.equal(expiresAt, clock.now() + ACCESS_TTL_MS);
  clock.advance(ACCESS_TTL_MS - 1);
  assert.equal((await accounts.identify(accessToken))?.kind, "session");
  clock.advance(1);
  assert.equal(await accounts.identify(accessToken), undefined);
  clock.advance(REFRESH_TTL_MS - ACCESS_TTL_MS - 1);
  const next = await accounts.refresh(refreshToken);
  clock.advance(REFRESH_TTL_MS);
  await rejectsWith("unauthorized", accounts.refresh(next.refreshToken));
});

test("an expired refresh token takes its session with it, and is no replay", async () => {
  const { accounts, clock, database, logIn } = await bench();
  const { accessToken, refreshToken } = await logIn();
  clock.advance(REFRESH_TTL_MS);
  let replays = 0;
  await rejectsWith(
    "unauthorized",
    accounts.refresh(refreshToken, () => (replays += 1)),
  );
  assert.equal(replays, 0);
  assert.equal(await database.sessions.findByAccessHash(hashOf(accessToken)), undefined);
});

test("a clock that is set back does not make an access token last", async () => {
  const { accounts, clock, logIn } = await bench();
  const { accessToken } = await logIn();
  clock.advance(-MINUTE_MS / 2);
  assert.ok(await accounts.identify(accessToken));
  clock.advance(-24 * 60 * MINUTE_MS);
  assert.equal(await accounts.identify(accessToken), undefined);
});

test("the store holds hashes only", async () => {
  const { accounts, database, user, logIn } = await bench();
  const { accessToken, refreshToken } = await logIn();
  const { token, key } = await accounts.createApiKey(user.id, { description: "ci", expiresAt: null });
  const session = await database.sessions.findByAccessHash(hashOf(accessToken));
  const stored = JSON.stringify([session, await database.apiKeys.find(key.id), await database.users.get(user.id)]);
  for (const secret of [accessToken, refreshToken, ...refreshToken.slice(4).split("."), token, PASSWORD])
    assert.ok(!stored.includes(secret));
  assert.equal(session?.refreshHash, hashOf(refreshToken));
});

test("an API key ends when it should, and when it was used is noted once a minute, also after the clock went back", async () => {
  const { accounts, clock, database, user } = await bench();
  const { key, token } = await accounts.createApiKey(user.id, {
    description: "ci",
    expiresAt: clock.now() + 10 * MINUTE_MS,
  });
  const lastUsed = async () => (await database.apiKeys.find(key.id))?.lastUsedAt;
  const start = clock.now();
  assert.equal((await accounts.identify(token))?.kind, "api_key");
  assert.equal(await lastUsed(), start);
  clock.advance(MINUTE_MS - 1);
  await accounts.identify(token);
  assert.equal(await lastUsed(), start);
  clock.advance(1);
  await accounts.identify(token);
  assert.equal(await lastUsed(), start + MINUTE_MS);
  clock.advance(-60 * MINUTE_MS);
  await accounts.identify(token);
  assert.equal(await lastUsed(), clock.now());
  clock.advance(69 * MINUTE_MS);
  assert.equal(await accounts.identify(token), undefined);
});

test("a key works on when noting its use fails", async () => {
  const { database, user, accounts } = await bench();
  const { token } = await accounts.createApiKey(user.id, { description: "ci", expiresAt: null });
  const full = new AppError("disk_full", "The disk is full.");
  const failing = Object.create(database, {
    apiKeys: { value: Object.create(database.apiKeys, { touch: { value: () => Promise.reject(full) } }) },
  }) as Database;
  // Private fields: the methods must run on the store itself.
  for (const name of ["findByHash"] as const)
    Object.defineProperty(failing.apiKeys, name, { value: database.apiKeys[name].bind(database.apiKeys) });
  const other = accountsOver(failing);
  assert.equal((await other.accounts.identify(token))?.kind, "api_key");
  assert.equal(other.warned.length, 1);
});

test("a failure that is not the password's fault counts against nobody", async () => {
  const { clock, limiter, user, logIn } = await bench();
  const closed = new MemoryDatabase();
  await closed.close();
  const { accounts } = accountsOver(closed, clock, limiter);
  for (let i = 0; i < 8; i += 1) await rejectsWith("unavailable", accounts.logIn(user.email, "x", "10.0.0.1"));
  assert.ok(await logIn());
});

test("a password that is changed while somebody signs in with the old one opens no session", async () => {
  const { accounts, user, logIn } = await bench();
  const [login] = await Promise.allSettled([logIn(), accounts.updateUser(user.id, { password: "battery staple" })]);
  const token = login.status === "fulfilled" ? login.value.accessToken : undefined;
  assert.equal(token === undefined ? undefined : await accounts.identify(token), undefined);
});

test("of many first users at once one is made, and the setup token is asked for once in vain at most", async () => {
  const { accounts } = accountsOver(new MemoryDatabase());
  let asked = 0;
  const attempts = Array.from({ length: 8 }, (_, i) =>
    accounts.registerFirst({ email: `u${i}@x.de`, name: "U", password: PASSWORD }, async () => {
      asked += 1;
      return true;
    }),
  );
  const all = await Promise.allSettled(attempts);
  assert.equal(all.filter((one) => one.status === "fulfilled").length, 1);
  assert.equal(asked, 1);
  assert.equal(await accounts.canRegister(), false);
});

test("a registration that fails after the token was redeemed gives the token back", async () => {
  const database = new MemoryDatabase();
  const { accounts } = accountsOver(database);
  const user = { email: "a@x.de", name: "A", password: PASSWORD };
  await rejectsWith(
    "unauthorized",
    accounts.registerFirst(user, async ({ settings }) => {
      await settings.put("token", "used");
      return false;
    }),
  );
  assert.equal(await database.settings.find("token"), undefined);
  assert.equal(await accounts.canRegister(), true);
});

test("sessions, keys and users are there after a restart", async () => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-accounts-"));
  try {
    const path = join(folder, "slipway.db");
    const first = await SqliteDatabase.open(path);
    const before = accountsOver(first).accounts;
    const { tokens, user } = await before.registerFirst(
      { email: "a@x.de", name: "A", password: PASSWORD },
      async () => true,
    );
    const { token } = await before.createApiKey(user.id, { description: "ci", expiresAt: null });
    await first.close();
    const second = await SqliteDatabase.open(path);
    const after = accountsOver(second).accounts;
    assert.deepEqual((await after.identify(tokens.accessToken))?.user, user);
    assert.equal((await after.identify(token))?.kind, "api_key");
    const next = await after.refresh(tokens.refreshToken);
    assert.ok(await after.identify(next.accessToken));
    await rejectsWith("unauthorized", after.refresh(tokens.refreshToken));
    assert.equal(await after.identify(next.accessToken), undefined, "a replay is one after a restart, too");
    await second.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("expired sessions are cleared away at the start and each hour, also after a failure", async () => {
  const { database, clock, logIn } = await bench();
  const { accessToken } = await logIn();
  const warned: string[] = [];
  let isBroken = true;
  const sessions = {
    removeExpired: async (now: number) => {
      if (isBroken) throw new AppError("unavailable", "busy");
      return database.sessions.removeExpired(now);
    },
  };
  const logger = { debug() {}, info() {}, error() {}, warn: (_: object, message: string) => void warned.push(message) };
  const cleaner = new SessionCleaner(sessions, clock, logger);
  /** A round has ended once the next one is scheduled. */
  const round = () => eventually(() => assert.notEqual(clock.nextAt, undefined));
  cleaner.start();
  await round();
  assert.equal(warned.length, 1);
  isBroken = false;
  for (const ms of [REFRESH_TTL_MS, 60 * MINUTE_MS]) {
    clock.advance(ms);
    await round();
  }
  assert.equal(await database.sessions.findByAccessHash(hashOf(accessToken)), undefined);
  await cleaner.close();
  assert.equal(clock.nextAt, undefined);
});
