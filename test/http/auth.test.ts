import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Bench, openBench, PASSKEY, SETUP_TOKEN } from "./api-bench.ts";
import { askBench, failsOn } from "./asking.ts";

const FIRST = { email: " Ann@Example.COM ", name: " Ann ", password: "correct horse" };

let bench: Bench;
before(async () => {
  bench = await openBench();
});
after(() => bench.close());

/** Asks with that token, or as a stranger. */
function ask(
  method: "GET" | "POST" | "PATCH" | "DELETE",
  url: string,
  token?: string,
  payload?: object,
  peer = "198.51.100.1",
) {
  const authorization = token === undefined ? "" : `Bearer ${token}`;
  return askBench(bench, {
    method,
    url,
    headers: { authorization, "x-slipway-peer": peer },
    ...(payload && { payload }),
  });
}

const logIn = (email: string, password: string, peer?: string) =>
  ask("POST", "/api/auth/login", undefined, { email, password }, peer);

const meStatus = async (token: string) => (await ask("GET", "/api/auth/me", token)).statusCode;

/** A member with a password of the test's own. Answers the tokens of a session. */
async function person(email: string, password = "correct horse") {
  const user = await bench.accounts.createUser({ email, name: "Somebody", password, role: "member" });
  const tokens = (await logIn(email, password)).json();
  return { user, access: String(tokens.access_token), refresh: String(tokens.refresh_token) };
}

describe("the first user", () => {
  test("takes the setup token; of two at once one wins; a failed attempt uses nothing up", async () => {
    const fresh = await openBench();
    try {
      const register = (payload: object) => fresh.app.inject({ method: "POST", url: "/api/auth/register", payload });
      const canRegister = async () => (await fresh.app.inject({ url: "/api/auth/register" })).json();
      assert.deepEqual(await canRegister(), { can_register: true });
      assert.equal((await register({ ...FIRST, setup_token: "wrong" })).statusCode, 401);
      assert.equal((await register({ ...FIRST, password: "short", setup_token: SETUP_TOKEN })).statusCode, 422);
      const answers = await Promise.all([1, 2, 3].map(() => register({ ...FIRST, setup_token: SETUP_TOKEN })));
      assert.deepEqual(answers.map((answer) => answer.statusCode).toSorted(), [201, 409, 409]);
      const made = answers.find((answer) => answer.statusCode === 201)?.json();
      assert.deepEqual(Object.keys(made), ["user", "tokens"]);
      assert.deepEqual([made.user.email, made.user.name, made.user.role], ["ann@example.com", "Ann", "admin"]);
      const authorization = `Bearer ${made.tokens.access_token}`;
      const me = await fresh.app.inject({ url: "/api/auth/me", headers: { authorization } });
      assert.deepEqual(me.json(), made.user);
      assert.deepEqual(await canRegister(), { can_register: false });
      const late = await register({ ...FIRST, email: "bob@example.com", setup_token: PASSKEY });
      assert.deepEqual([late.statusCode, late.json().message], [409, "Registration is closed."]);
      assert.equal(await fresh.database.users.count(), 1);
      const claim = await fresh.app.inject({
        method: "POST",
        url: "/api/setup/claim",
        payload: { token: SETUP_TOKEN },
      });
      assert.equal(claim.statusCode, 401, "the token was used up by the registration");
    } finally {
      await fresh.close();
    }
  });

  test("may show the passkey instead, which leaves the setup token as it was", async () => {
    const fresh = await openBench();
    try {
      const payload = { ...FIRST, setup_token: PASSKEY };
      assert.equal((await fresh.app.inject({ method: "POST", url: "/api/auth/register", payload })).statusCode, 201);
      const claim = await fresh.app.inject({
        method: "POST",
        url: "/api/setup/claim",
        payload: { token: SETUP_TOKEN },
      });
      assert.equal(claim.statusCode, 200);
    } finally {
      await fresh.close();
    }
  });
});

describe("signing in", () => {
  test("gives bare tokens; e-mail in any case; a wrong password and an unknown e-mail look the same", async () => {
    await person("carol@example.com");
    const good = await logIn("  CAROL@example.com", "correct horse");
    assert.equal(good.statusCode, 200);
    assert.deepEqual(Object.keys(good.json()), ["access_token", "refresh_token", "expires_at"]);
    assert.match(good.json().access_token, /^slw_[\w-]{43}$/);
    const leftMs = Date.parse(good.json().expires_at) - Date.now();
    assert.ok(leftMs > 14 * 60_000 && leftMs <= 15 * 60_000, `${leftMs} ms`);
    const bodies = await Promise.all(
      [
        ["carol@example.com", "wrong password"],
        ["nobody@example.com", "correct horse"],
      ].map(async ([email = "", password = ""]) => {
        const answer = await logIn(email, password, "198.51.100.77");
        const { requestId: _, ...rest } = answer.json();
        return { status: answer.statusCode, ...rest };
      }),
    );
    assert.deepEqual(bodies[0], { status: 401, error: "unauthorized", message: "Invalid email or password." });
    assert.deepEqual(bodies[0], bodies[1]);
  });

  test("after 5 failures for an e-mail the 6th waits, also with the right password; other people do not", async () => {
    await person("dave@example.com");
    await person("erin@example.com");
    const stranger = "203.0.113.5";
    const tries = await Promise.all(Array.from({ length: 9 }, () => logIn("dave@example.com", "guess", stranger)));
    assert.equal(tries.filter((answer) => answer.statusCode === 401).length, 5, "at once as well as in turn");
    const refused = await logIn("dave@example.com", "correct horse", stranger);
    assert.equal(refused.statusCode, 429);
    assert.deepEqual(
      [refused.json().error, refused.json().message],
      ["too_many_requests", "Too many login attempts. Try again later."],
    );
    const wait = Number(refused.headers["retry-after"]);
    assert.ok(Number.isInteger(wait) && wait > 890 && wait <= 900, `${wait} s`);
    assert.equal((await logIn("dave@example.com", "correct horse", "203.0.113.99")).statusCode, 429);
    assert.equal((await logIn("erin@example.com", "correct horse", stranger)).statusCode, 200);
    assert.equal(
      (await logIn("dave@example.com", "correct horse")).statusCode,
      200,
      "from where Dave works, Dave gets in",
    );
  });

  test("after 20 failures from an address nobody signs in from there; a header the client made up is no help", async () => {
    await person("frank@example.com");
    const stranger = "203.0.113.6";
    for (let i = 0; i < 20; i += 1)
      assert.equal((await logIn(`guess-${i}@example.com`, "guess", stranger)).statusCode, 401);
    assert.equal((await logIn("frank@example.com", "correct horse", stranger)).statusCode, 429);
    assert.equal((await logIn("frank@example.com", "correct horse", "203.0.113.7")).statusCode, 200);
  });
});

describe("refreshing", () => {
  test("replaces both tokens; the old ones are dead", async () => {
    const { access, refresh } = await person("gina@example.com");
    const next = await ask("POST", "/api/auth/refresh", undefined, { refresh_token: refresh });
    assert.equal(next.statusCode, 200);
    assert.equal(await meStatus(access), 401);
    assert.equal(await meStatus(next.json().access_token), 200);
    const again = await ask("POST", "/api/auth/refresh", undefined, { refresh_token: next.json().refresh_token });
    assert.equal(again.statusCode, 200);
  });

  test("with a token that was used before ends the session, and only that one", async () => {
    const { user, access: _, refresh } = await person("hugo@example.com");
    const other = (await logIn(user.email, "correct horse")).json();
    const next = (await ask("POST", "/api/auth/refresh", undefined, { refresh_token: refresh })).json();
    const replay = await ask("POST", "/api/auth/refresh", undefined, { refresh_token: refresh });
    assert.deepEqual([replay.statusCode, replay.json().message], [401, "Invalid or expired token."]);
    assert.equal(await meStatus(next.access_token), 401, "the thief's, or the owner's, is dead too");
    const dead = await ask("POST", "/api/auth/refresh", undefined, { refresh_token: next.refresh_token });
    assert.equal(dead.statusCode, 401);
    assert.equal(await meStatus(other.access_token), 200);
    assert.match(bench.logged() + JSON.stringify(await bench.database.audit.list({ search: "refresh" })), /hugo@/);
  });

  test("of two with the same token at once one gets new tokens", async () => {
    const { refresh } = await person("ivy@example.com");
    const two = await Promise.all(
      [1, 2].map(() => ask("POST", "/api/auth/refresh", undefined, { refresh_token: refresh })),
    );
    assert.deepEqual(two.map((answer) => answer.statusCode).toSorted(), [200, 401]);
  });

  test("refuses what is no refresh token", async () => {
    const { access } = await person("jim@example.com");
    for (const token of ["", "slw_", access, "x".repeat(10_000), "slw_%00.\u0000"]) {
      const answer = await ask("POST", "/api/auth/refresh", undefined, { refresh_token: token });
      assert.equal(answer.statusCode, 401, token.slice(0, 50));
    }
    assert.equal(await meStatus(access), 200);
  });
});

test("logout ends all sessions of the user and leaves the API keys", async () => {
  const { user, access } = await person("kate@example.com");
  const second = (await logIn(user.email, "correct horse")).json();
  const key = await bench.apiKey(access);
  assert.equal((await ask("POST", "/api/auth/logout", access)).statusCode, 204);
  for (const token of [access, second.access_token]) assert.equal(await meStatus(token), 401);
  assert.equal((await ask("POST", "/api/auth/refresh", undefined, second)).statusCode, 422, "unknown fields are named");
  assert.equal(await meStatus(key), 200);
});

describe("the profile", () => {
  test("shows who asks, the passkey too", async () => {
    const { user, access } = await person("lea@example.com");
    const me = (await ask("GET", "/api/auth/me", access)).json();
    assert.deepEqual(
      [me.id, me.email, me.name, me.role, Object.keys(me).includes("password_hash")],
      [user.id, "lea@example.com", "Somebody", "member", false],
    );
    const passkey = (await ask("GET", "/api/auth/me", PASSKEY)).json();
    assert.deepEqual([passkey.id, passkey.email, passkey.role], ["passkey", null, "admin"]);
    const refused = await ask("PATCH", "/api/auth/profile", PASSKEY, { name: "x" });
    assert.equal(refused.statusCode, 403);
  });

  test("takes a new name and e-mail without the password", async () => {
    const { access } = await person("max@example.com");
    const changed = await ask("PATCH", "/api/auth/profile", access, { email: "MAX2@example.com", name: "Max" });
    assert.equal(changed.statusCode, 200);
    assert.deepEqual([changed.json().email, changed.json().name], ["max2@example.com", "Max"]);
    const taken = await ask("PATCH", "/api/auth/profile", access, { email: "lea@example.com" });
    assert.equal(taken.statusCode, 409);
    const raised = await ask("PATCH", "/api/auth/profile", access, { role: "admin" });
    assert.equal(raised.statusCode, 422, "nobody raises oneself");
  });

  test("takes a new password only with the present one; all other sessions end", async () => {
    const { user, access } = await person("nora@example.com");
    const other = (await logIn(user.email, "correct horse")).json();
    for (const [current, message] of [
      [undefined, "is needed to set a new password."],
      ["wrong", "is wrong."],
    ] as const) {
      const refused = await ask("PATCH", "/api/auth/profile", access, {
        new_password: "battery staple",
        ...(current !== undefined && { current_password: current }),
      });
      assert.equal(refused.statusCode, 422);
      assert.deepEqual(refused.json().errors, { current_password: [message] });
    }
    const right = { current_password: "correct horse" };
    const short = await ask("PATCH", "/api/auth/profile", access, { ...right, new_password: "short" });
    assert.deepEqual(short.json().errors, { new_password: ["must be at least 8 characters long."] });
    const good = await ask("PATCH", "/api/auth/profile", access, { ...right, new_password: "battery staple" });
    assert.equal(good.statusCode, 200);
    assert.equal(await meStatus(access), 200);
    assert.equal(await meStatus(other.access_token), 401);
    assert.equal((await logIn(user.email, "correct horse")).statusCode, 401);
    assert.equal((await logIn(user.email, "battery staple")).statusCode, 200);
  });

  test("slows guessing of the present password with a stolen session", async () => {
    const { access } = await person("otto@example.com");
    const guess = (password: string) =>
      ask("PATCH", "/api/auth/profile", access, { new_password: "battery staple", current_password: password });
    for (let i = 0; i < 5; i += 1) assert.equal((await guess(`guess ${i}`)).statusCode, 422);
    assert.equal((await guess("correct horse")).statusCode, 429);
  });
});

describe("API keys", () => {
  test("are shown once, listed without their token, used, and deleted", async () => {
    const { access } = await person("pia@example.com");
    const expires = new Date(Date.now() + 60_000).toISOString();
    const made = await ask("POST", "/api/api-keys", access, { description: " ci ", expires_at: expires });
    assert.equal(made.statusCode, 201);
    const { token, ...shown } = made.json();
    assert.match(token, /^slw_[\w-]{43}$/);
    assert.deepEqual([shown.description, shown.prefix, shown.expires_at], ["ci", token.slice(0, 8), expires]);
    assert.equal(shown.last_used_at, null);
    assert.equal(await meStatus(token), 200);
    const list = await ask("GET", "/api/api-keys", token);
    assert.deepEqual(Object.keys(list.json()), ["data"]);
    const [listed] = list.json().data;
    assert.ok(listed.last_used_at !== null);
    assert.deepEqual({ ...listed, last_used_at: null }, shown);
    assert.doesNotMatch(list.body, new RegExp(token));
    assert.equal((await ask("DELETE", `/api/api-keys/${shown.id}`, access)).statusCode, 204);
    assert.equal(await meStatus(token), 401);
    assert.equal((await ask("DELETE", `/api/api-keys/${shown.id}`, access)).statusCode, 404);
  });

  test("want a description and a future", async () => {
    const { access } = await person("quin@example.com");
    const cases = [
      [{}, "description"],
      [{ description: " " }, "description"],
      [{ description: "x".repeat(201) }, "description"],
      [{ description: "ok", expires_at: "2020-01-01T00:00:00Z" }, "expires_at"],
      [{ description: "ok", expires_at: "tomorrow" }, "expires_at"],
      [{ description: "ok", scope: "all" }, "scope"],
    ] as const;
    for (const [payload, field] of cases) {
      const answer = await ask("POST", "/api/api-keys", access, payload);
      assert.equal(answer.statusCode, 422, JSON.stringify(payload).slice(0, 80));
      assert.match(JSON.stringify(answer.json().errors), new RegExp(field));
    }
    assert.deepEqual((await ask("GET", "/api/api-keys", PASSKEY)).json(), { data: [] });
    assert.equal((await ask("POST", "/api/api-keys", PASSKEY, { description: "ok" })).statusCode, 403);
  });
});

test("bodies that are no JSON, of a wrong type, or too long are refused by name", async () => {
  const post = (payload: string) => ({
    method: "POST" as const,
    url: "/api/auth/login",
    payload,
    headers: { "content-type": "application/json" },
  });
  const { body } = await failsOn(bench, post('{"email":'), 400, "invalid");
  assert.equal(body.message, "Invalid JSON body.");
  await failsOn(bench, post('{"email":1,"password":[]}'), 422, "invalid");
  await failsOn(bench, post(`{"email":"${"x".repeat(1024 * 1024)}"}`), 413, "too_large");
  // The login limiter remembers e-mails: what is too long to be anybody's never gets there.
  const long = await logIn("x".repeat(400), "y".repeat(1001), "203.0.113.50");
  assert.equal(long.statusCode, 422);
  assert.deepEqual(long.json().errors, {
    email: ["must have at most 300 characters"],
    password: ["must have at most 1000 characters"],
  });
});
