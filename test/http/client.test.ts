import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { apiClient, type Request } from "../../src/api/client.ts";
import { ApiClient } from "../../src/cli/api-client.ts";
import { isAppError } from "../../src/domain/errors.ts";
import { openBench } from "./api-bench.ts";

/** What the client sends, with the answers it gets in turn. */
function recorded(answers: readonly unknown[]) {
  const sent: Request[] = [];
  const left = [...answers];
  const client = apiClient(async (request) => {
    sent.push(request);
    return left.shift();
  });
  return { client, sent };
}

describe("the typed client", () => {
  test("fills in the path, and sends query and body as they are", async () => {
    const { client, sent } = recorded([{ id: "1" }, undefined]);
    await client.ask("PATCH /api/projects/:p/services/:s", { params: { p: "a b", s: "x/y" }, body: { name: "z" } });
    await client.ask("DELETE /api/projects/:p", { params: { p: "shop" }, query: { volumes: "1" } });
    assert.deepEqual(sent, [
      { method: "PATCH", path: "/api/projects/a%20b/services/x%2Fy", query: {}, body: { name: "z" } },
      { method: "DELETE", path: "/api/projects/shop", query: { volumes: "1" }, body: undefined },
    ]);
  });

  test("reads a whole list, slice after slice", async () => {
    const slice = (from: number, to: number) => ({
      data: Array.from({ length: to - from }, (_, i) => ({ id: String(from + i) })),
      total_count: 130,
    });
    const { client, sent } = recorded([slice(0, 100), slice(100, 130)]);
    const all = await client.all("GET /api/projects", { query: { name: "s" } });
    assert.equal(all.length, 130);
    assert.equal(all.at(-1)?.id, "129");
    assert.deepEqual(
      sent.map(({ query }) => query),
      [
        { name: "s", limit: 100, offset: 0 },
        { name: "s", limit: 100, offset: 100 },
      ],
    );
  });

  test("a list that shrinks while it is read ends", async () => {
    const { client } = recorded([
      { data: [{ id: "1" }], total_count: 3 },
      { data: [], total_count: 3 },
    ]);
    assert.equal((await client.all("GET /api/projects", { query: {} })).length, 1);
  });

  test("what the contract does not know does not compile", () => {
    const { client } = recorded([]);
    const wrong = (): readonly Promise<unknown>[] => [
      // @ts-expect-error there is no such call
      client.ask("GET /api/nothing", {}),
      // @ts-expect-error its path has another parameter
      client.ask("GET /api/projects/:p", { params: { s: "x" } }),
      // @ts-expect-error a body without what it must have
      client.ask("POST /api/projects", { body: {} }),
      // @ts-expect-error a field of another type
      client.ask("PATCH /api/projects/:p/services/:s", { params: { p: "a", s: "b" }, body: { replicas: "2" } }),
      // @ts-expect-error it answers no list
      client.all("GET /api/projects/:p", { params: { p: "x" } }),
    ];
    assert.equal(typeof wrong, "function");
  });
});

test("the command line asks a server through it: queries, bodies, no bodies, errors with their code and fields", async () => {
  const bench = await openBench();
  try {
    const url = await bench.app.listen({ port: 0, host: "127.0.0.1" });
    const { calls } = new ApiClient(url, await bench.memberToken());
    const shop = await calls.ask("POST /api/projects", { body: { name: "Shop", slug: "shop" } });
    for (const name of ["one", "two"])
      await calls.ask("POST /api/projects/:p/services", { params: { p: "shop" }, body: { name } });
    const services = await calls.all("GET /api/projects/:p/services", { params: { p: shop.id } });
    assert.deepEqual(services.map(({ name }) => name).toSorted(), ["one", "two"]);
    const found = await calls.ask("GET /api/projects", { query: { name: "sho", limit: 1 } });
    assert.deepEqual([found.data, found.limit], [[shop], 1]);
    await assert.rejects(
      calls.ask("POST /api/projects", { body: { name: "" } }),
      (error) => isAppError(error, "invalid") && error.fields?.name !== undefined,
    );
    assert.equal(await calls.ask("DELETE /api/projects/:p", { params: { p: "shop" }, query: {} }), undefined);
    await assert.rejects(calls.ask("GET /api/projects/:p", { params: { p: "shop" } }), (error) =>
      isAppError(error, "not_found"),
    );
  } finally {
    await bench.close();
  }
});
