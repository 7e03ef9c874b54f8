import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Bench, openBench, PASSKEY } from "./api-bench.ts";
import { askBench } from "./asking.ts";

let bench: Bench;
let admin: string;
before(async () => {
  bench = await openBench();
  admin = await bench.adminToken();
});
after(() => bench.close());

function ask(method: "GET" | "POST" | "PATCH" | "DELETE", url: string, payload?: object, token = admin) {
  return askBench(bench, { method, url, headers: { authorization: `Bearer ${token}` }, ...(payload && { payload }) });
}

let made = 0;

/** Adds a user through the API. Answers the view. */
async function create(changes: object = {}) {
  made += 1;
  const payload = { email: `user${made}@team.example`, name: `User ${made}`, password: "correct horse", ...changes };
  const answer = await ask("POST", "/api/users", payload);
  assert.equal(answer.statusCode, 201, answer.body);
  return answer.json();
}

async function logIn(email: string, password = "correct horse") {
  const payload = { email, password };
  return bench.app.inject({ method: "POST", url: "/api/auth/login", payload });
}

const meStatus = async (token: string) => (await ask("GET", "/api/auth/me", undefined, token)).statusCode;

test("a new user is a member unless told otherwise, can sign in, and is shown without password", async () => {
  const view = await create({ email: " New@Team.Example ", name: " New " });
  assert.deepEqual(Object.keys(view), ["id", "email", "name", "role", "created_at", "updated_at"]);
  assert.deepEqual([view.email, view.name, view.role], ["new@team.example", "New", "member"]);
  assert.deepEqual((await ask("GET", `/api/users/${view.id}`)).json(), view);
  assert.equal((await logIn("new@team.example")).statusCode, 200);
  assert.equal((await create({ role: "admin" })).role, "admin");
  const stored = await bench.database.users.get(view.id);
  assert.match(stored.passwordHash, /^\$argon2id\$v=19\$m=/);
});

test("an e-mail is taken once, whatever its case", async () => {
  const { id, email } = await create();
  const payload = { email: email.toUpperCase(), name: "x", password: "correct horse" };
  const answer = await ask("POST", "/api/users", payload);
  assert.deepEqual([answer.statusCode, answer.json().error], [409, "conflict"]);
  const other = await create();
  assert.equal((await ask("PATCH", `/api/users/${other.id}`, { email })).statusCode, 409);
  assert.equal((await ask("PATCH", `/api/users/${id}`, { email })).statusCode, 200, "one's own is not taken");
});

test("each fault is told by field, all at once", async () => {
  const answer = await ask("POST", "/api/users", { email: "no mail", name: "", password: "short" });
  assert.deepEqual([answer.statusCode, answer.json().message], [422, "Validation failed."]);
  assert.deepEqual(Object.keys(answer.json().errors).toSorted(), ["email", "name", "password"]);
  const bad: readonly (readonly [string, unknown])[] = [
    ["email", "a@b@c"],
    ["email", "@b"],
    ["email", "a@"],
    ["email", "a b@c.de"],
    ["email", "a@b..de"],
    ["email", `${"a".repeat(60)}@${"b".repeat(200)}`],
    ["email", 5],
    ["name", "   "],
    ["name", "x".repeat(101)],
    ["name", "a\u0000b"],
    ["password", "1234567"],
    ["password", "x".repeat(1001)],
    ["role", "owner"],
    ["password_hash", "x"],
  ];
  for (const [field, value] of bad) {
    const payload = { email: "good@team.example", name: "Good", password: "correct horse", [field]: value };
    const refused = await ask("POST", "/api/users", payload);
    assert.equal(refused.statusCode, 422, `${field} ${JSON.stringify(value)}`);
    assert.deepEqual(Object.keys(refused.json().errors), [field]);
  }
  assert.equal(await bench.database.users.findByEmail("good@team.example"), undefined);
});

test("the list is newest first, in pages, and found by a part of name or e-mail", async () => {
  const [a, b] = [await create({ name: "Zoë Findme" }), await create({ name: "findME too" })];
  const found = (await ask("GET", "/api/users?name=findme")).json();
  assert.deepEqual([found.total_count, found.offset, found.limit], [2, 0, 20]);
  assert.deepEqual(found.data.map((user: { id: string }) => user.id).toSorted(), [a.id, b.id].toSorted());
  const one = (await ask("GET", `/api/users?email=${a.email.slice(0, -4).toUpperCase()}`)).json();
  assert.deepEqual(one.data, [a]);
  const page = (await ask("GET", "/api/users?limit=1&offset=1")).json();
  assert.deepEqual([page.data.length, page.limit, page.offset], [1, 1, 1]);
  assert.equal((await ask("GET", "/api/users?name=100%25_")).json().total_count, 0, "wildcards are plain characters");
  const wrong = await ask("GET", "/api/users?limit=many");
  assert.deepEqual([wrong.statusCode, wrong.json().message], [400, 'Query param "limit" must be an integer.']);
});

describe("a change of", () => {
  test("the password or the role ends the user's sessions; API keys follow the role at once", async () => {
    const { id, email } = await create();
    const first = (await logIn(email)).json();
    const key = await bench.apiKey(first.access_token);
    assert.equal((await ask("PATCH", `/api/users/${id}`, { name: "Renamed" })).json().name, "Renamed");
    assert.equal(await meStatus(first.access_token), 200, "a name ends nothing");
    assert.equal((await ask("GET", "/api/users", undefined, key)).statusCode, 403);
    assert.equal((await ask("PATCH", `/api/users/${id}`, { role: "admin" })).json().role, "admin");
    assert.equal(await meStatus(first.access_token), 401);
    assert.equal((await ask("GET", "/api/users", undefined, key)).statusCode, 200);
    const second = (await logIn(email)).json();
    assert.equal((await ask("PATCH", `/api/users/${id}`, { password: "battery staple" })).statusCode, 200);
    assert.equal(await meStatus(second.access_token), 401);
    assert.equal((await logIn(email)).statusCode, 401);
    assert.equal((await logIn(email, "battery staple")).statusCode, 200);
  });

  test("oneself: no removal, no other role; all else is allowed", async () => {
    const { id, email } = await create({ role: "admin" });
    const token = (await logIn(email)).json().access_token;
    const removal = await ask("DELETE", `/api/users/${id}`, undefined, token);
    assert.deepEqual([removal.statusCode, removal.json().message], [409, "You can't remove yourself."]);
    assert.equal((await ask("PATCH", `/api/users/${id}`, { role: "member" }, token)).statusCode, 409);
    assert.equal((await ask("PATCH", `/api/users/${id}`, { name: "Me", role: "admin" }, token)).statusCode, 200);
  });
});

test("removing a user ends sessions and keys; the last admin stays, also against the passkey", async () => {
  const lonely = await openBench();
  try {
    const own = await lonely.adminToken();
    const key = await lonely.apiKey(own);
    const with_ = (token: string) => ({ authorization: `Bearer ${token}` });
    const act = (method: "GET" | "PATCH" | "DELETE", url: string, token: string, payload?: object) =>
      lonely.app.inject({ method, url, headers: with_(token), ...(payload && { payload }) });
    const { id } = (await act("GET", "/api/auth/me", own)).json();
    const removal = await act("DELETE", `/api/users/${id}`, PASSKEY);
    assert.deepEqual([removal.statusCode, removal.json().message], [409, "The last admin can't be removed."]);
    assert.equal((await act("PATCH", `/api/users/${id}`, PASSKEY, { role: "member" })).statusCode, 409);
    assert.equal((await act("GET", "/api/auth/me", own)).statusCode, 200, "a refused change ends no session");
    const second = await lonely.adminToken();
    assert.equal((await act("DELETE", `/api/users/${id}`, second)).statusCode, 204);
    for (const token of [own, key]) assert.equal((await act("GET", "/api/auth/me", token)).statusCode, 401);
    assert.equal((await act("DELETE", `/api/users/${id}`, second)).statusCode, 404);
    assert.equal((await act("GET", `/api/users/${id}`, second)).statusCode, 404);
  } finally {
    await lonely.close();
  }
});

test("two admins who remove each other at once: one stays", async () => {
  const two = await openBench();
  try {
    const tokens = [await two.adminToken(), await two.adminToken()];
    const ids = await Promise.all(tokens.map(async (token) => (await two.accounts.identify(token))?.user.id));
    const answers = await Promise.all(
      tokens.map((token, i) =>
        two.app.inject({
          method: "DELETE",
          url: `/api/users/${ids[1 - i]}`,
          headers: { authorization: `Bearer ${token}` },
        }),
      ),
    );
    assert.deepEqual(answers.map((answer) => answer.statusCode).toSorted(), [204, 409]);
    assert.equal(await two.database.users.count(), 1);
  } finally {
    await two.close();
  }
});

test("what happens to users is announced", async () => {
  const seen: string[] = [];
  const stop = bench.events.on((event) => void (event.type.startsWith("user.") && seen.push(event.type)));
  const { id } = await create();
  await ask("PATCH", `/api/users/${id}`, { name: "Other" });
  await ask("DELETE", `/api/users/${id}`);
  stop();
  assert.deepEqual(seen, ["user.created", "user.updated", "user.deleted"]);
});
