import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Bench, openBench, PASSKEY } from "./api-bench.ts";

let bench: Bench;
before(async () => {
  bench = await openBench();
});
after(() => bench.close());

const VALUE = "the-value-nobody-may-see";

async function ask(method: "GET" | "POST" | "PUT" | "DELETE", url: string, payload?: object) {
  const answer = await bench.app.inject({
    method,
    url,
    headers: { authorization: PASSKEY },
    ...(payload !== undefined && { payload }),
  });
  assert.ok(!answer.body.includes(VALUE), `${method} ${url} answers the value`);
  return { status: answer.statusCode, body: answer.body === "" ? undefined : answer.json() };
}

async function keptValue(name: string, functionName: string): Promise<string> {
  const { values } = await bench.secrets.forBuild(bench.project.id, functionName, [name]);
  return Buffer.from(values[name] ?? []).toString("latin1");
}

test("a secret is set, listed without its value, replaced and deleted", async () => {
  const created = await ask("POST", "/api/secrets", { name: "key", value: VALUE, function: "hello" });
  assert.equal(created.status, 201);
  assert.deepEqual([created.body.name, created.body.function, created.body.project], ["key", "hello", "default"]);
  const again = await ask("POST", "/api/secrets", { name: "key", value: VALUE, function: "hello" });
  assert.deepEqual([again.status, again.body.error], [409, "conflict"]);
  assert.equal(await keptValue("key", "hello"), VALUE);
  assert.equal((await ask("PUT", "/api/secrets/key?function=hello", { value: `${VALUE}2` })).status, 200);
  assert.equal(await keptValue("key", "hello"), `${VALUE}2`);
  assert.equal((await ask("PUT", "/api/secrets/shared", { value: VALUE })).status, 200);
  const { body } = await ask("GET", "/api/secrets?project=default");
  assert.deepEqual(
    body.data.map((s: { name: string; function: string | null }) => [s.function, s.name]),
    [
      [null, "shared"],
      ["hello", "key"],
    ],
  );
  assert.equal((await ask("GET", "/api/secrets?function=other")).body.data.length, 0);
  assert.equal((await ask("DELETE", "/api/secrets/key?function=hello")).status, 204);
  assert.equal((await ask("DELETE", "/api/secrets/key?function=hello")).status, 404);
  assert.equal((await ask("DELETE", "/api/secrets/shared")).status, 204);
});

test("bytes are exact: none, any as base64, half a MiB; one more is 413", async () => {
  const put = (value: string, encoding?: string) => ask("PUT", "/api/secrets/b?function=f", { value, encoding });
  assert.equal((await put("")).status, 200);
  assert.equal(await keptValue("b", "f"), "");
  const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  assert.equal((await put(all.toString("base64"), "base64")).status, 200);
  assert.equal(await keptValue("b", "f"), all.toString("latin1"));
  assert.equal((await put(Buffer.alloc(512 * 1024, 1).toString("base64"), "base64")).status, 200);
  assert.equal((await put(Buffer.alloc(512 * 1024 + 1).toString("base64"), "base64")).status, 413);
  assert.equal((await put("x".repeat(3 * 1024 * 1024))).status, 413);
  assert.equal((await put("no base64!", "base64")).status, 400);
  assert.equal((await put("x", "rot13")).status, 422);
});

test("names that can't be files, functions or projects that can't be, are refused", async () => {
  for (const name of ["..", "..data", "a b", "a/b", "x".repeat(254)])
    assert.equal((await ask("POST", "/api/secrets", { name, value: VALUE })).status, 400, name);
  assert.equal((await ask("PUT", `/api/secrets/${"x".repeat(253)}`, { value: VALUE })).status, 200);
  assert.equal((await ask("PUT", "/api/secrets/a?function=No_Function", { value: VALUE })).status, 400);
  assert.equal((await ask("PUT", "/api/secrets/a?project=nobodys", { value: VALUE })).status, 404);
  assert.equal((await ask("POST", "/api/secrets", { name: "a" })).status, 422);
});

test("the value is in no answer and in no log, whatever goes wrong", async () => {
  await ask("POST", "/api/secrets", { name: "a", value: VALUE, encoding: VALUE });
  await ask("POST", "/api/secrets", { name: "a", value: [VALUE] });
  await ask("POST", "/api/secrets", { name: "a", [VALUE.slice(0, 3)]: VALUE });
  const broken = await bench.app.inject({
    method: "POST",
    url: "/api/secrets",
    headers: { authorization: PASSKEY, "content-type": "application/json" },
    payload: `{"name":"a","value":"${VALUE}`,
  });
  assert.equal(broken.statusCode, 400);
  assert.ok(!broken.body.includes(VALUE));
  // A failure inside is logged whole: the request's body is no part of it.
  Object.assign(bench.database, { transact: () => Promise.reject(new Error("the disk is on fire")) });
  assert.equal((await ask("POST", "/api/secrets", { name: "a", value: VALUE })).status, 500);
  Reflect.deleteProperty(bench.database, "transact");
  assert.match(bench.logged(), /the disk is on fire/);
  assert.ok(!bench.logged().includes(VALUE));
});

test("a function's own secrets stay when it is deleted, and go when that is asked for", async () => {
  for (const [query, left] of [
    ["", 1],
    ["?secrets=1", 0],
  ] as const) {
    const name = `deleted${left}`;
    await bench.deployed(name);
    await ask("PUT", `/api/secrets/k?function=${name}`, { value: VALUE });
    await ask("PUT", "/api/secrets/wide", { value: VALUE });
    assert.equal((await ask("DELETE", `/api/functions/${name}${query}`)).status, 204);
    assert.equal((await ask("GET", `/api/secrets?function=${name}`)).body.data.length, left);
    assert.equal(await keptValue("wide", name), VALUE);
  }
});

test("a login is kept once the registry accepted it; its password comes back nowhere", async () => {
  bench.driver.registries.passwords.set("reg.example.com:5000", VALUE);
  bench.driver.registries.away.add("gone.example.com");
  const login = { host: "https://REG.example.com:5000/", username: "ann" };
  const wrong = await ask("POST", "/api/registries", { ...login, password: `not ${VALUE}`.slice(0, 7) });
  assert.deepEqual([wrong.status, wrong.body.error], [400, "invalid"]);
  assert.deepEqual((await ask("GET", "/api/registries")).body, { data: [] });
  assert.equal((await ask("POST", "/api/registries", { ...login, password: VALUE })).status, 201);
  const { data } = (await ask("GET", "/api/registries")).body;
  assert.deepEqual([data.length, data[0].host, data[0].username], [1, "reg.example.com:5000", "ann"]);
  assert.equal((await bench.registries.findFor("reg.example.com:5000/a/b:1"))?.password, VALUE);
  assert.equal(await bench.registries.findFor("node:24"), undefined);
  const away = await ask("POST", "/api/registries", { ...login, host: "gone.example.com", password: VALUE });
  assert.deepEqual([away.status, away.body.error], [502, "bad_gateway"]);
  assert.equal((await ask("POST", "/api/registries", { ...login, host: "a/b", password: VALUE })).status, 400);
  assert.equal((await ask("DELETE", "/api/registries?host=reg.example.com%3A5000")).status, 204);
  assert.equal((await ask("DELETE", "/api/registries?host=reg.example.com%3A5000")).status, 404);
  assert.ok(!bench.logged().includes(VALUE));
});
