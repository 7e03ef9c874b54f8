import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { materializedPresetSchema, presetSchema } from "../../src/api/presets.ts";
import { type Bench, openBench, PASSKEY } from "./api-bench.ts";

let bench: Bench;
before(async () => {
  bench = await openBench();
});
after(() => bench.close());

const ask = (path: string, authorization = PASSKEY) =>
  bench.app.inject({ url: `/api/presets/databases${path}`, headers: { authorization } });

test("the list is a bare array by name, with generators and without secrets", async () => {
  const answer = await ask("");
  assert.equal(answer.statusCode, 200);
  const list = presetSchema.array().parse(answer.json());
  assert.deepEqual(
    list.map(({ id }) => id),
    ["mariadb", "meilisearch", "mysql", "postgres", "redis", "typesense"],
  );
  assert.deepEqual(list[3], {
    id: "postgres",
    name: "PostgreSQL",
    image: "postgres:16",
    icon_url: "https://cdn.simpleicons.org/postgresql",
    ports: [{ container_port: 5432, protocol: "tcp" }],
    env_vars: [
      { key: "POSTGRES_DB", value: "app" },
      { key: "POSTGRES_USER", value: "postgres" },
      { key: "POSTGRES_PASSWORD", generate: "password_24" },
      { key: "PGDATA", value: "/var/lib/postgresql/data/pgdata" },
    ],
  });
  assert.equal((await ask("")).body, answer.body);
});

test("one comes with fresh secrets, which no cache may keep; an unknown one is 404", async () => {
  const [one, other] = [await ask("/redis"), await ask("/redis")];
  assert.equal(one.headers["cache-control"], "no-store");
  const secrets = [one, other].map((answer) => materializedPresetSchema.parse(answer.json()).env_vars[0]?.value);
  for (const secret of secrets) assert.match(secret ?? "", /^[0-9a-f]{64}$/);
  assert.notEqual(secrets[0], secrets[1]);
  const unknown = await ask("/oracle");
  assert.equal(unknown.statusCode, 404);
  assert.equal(unknown.json().error, "not_found");
});

test("a member may ask, a stranger may not", async () => {
  const member = `Bearer ${await bench.memberToken()}`;
  assert.equal((await ask("", member)).statusCode, 200);
  assert.equal((await ask("/redis", member)).statusCode, 200);
  assert.equal((await ask("", "wrong")).statusCode, 401);
});
