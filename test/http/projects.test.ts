import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openApiBench, type ProjectBench } from "./project-bench.ts";

let bench: ProjectBench;
before(async () => {
  bench = await openApiBench();
});
after(() => bench.close());

describe("creating a project", () => {
  test("makes a slug of its name that no other has", async () => {
    const first = await bench.ask("POST /api/projects", { body: { name: "Web Shop" } });
    const second = await bench.ask("POST /api/projects", { body: { name: "Web Shop" } });
    assert.match(first.slug, /^web-shop-[0-9a-f]{6}$/);
    assert.notEqual(first.slug, second.slug);
    assert.equal(first.name, "Web Shop");
    assert.ok(Date.parse(first.created_at) > 0 && first.created_at.endsWith("Z"));
  });

  test("takes a slug, once", async () => {
    const made = await bench.ask("POST /api/projects", { body: { name: "Taken", slug: "taken" } });
    assert.equal(made.slug, "taken");
    await bench.fails("POST", "/api/projects", { name: "Other", slug: "taken" }, 409, "conflict");
  });

  test("names each field that can't be used, with status 422", async () => {
    for (const [body, field] of [
      [{}, "name"],
      [{ name: 5 }, "name"],
      [{ name: "  " }, "name"],
      [{ name: "x".repeat(101) }, "name"],
      [{ name: "two\nlines" }, "name"],
      [{ name: "x", slug: "No Slug" }, "slug"],
      [{ name: "x", nope: 1 }, "nope"],
      [{ name: "x", constructor: 1 }, "constructor"],
      [[], "body"],
    ] as const) {
      const { errors, message } = await bench.fails("POST", "/api/projects", body, 422, "invalid");
      assert.deepEqual(Object.keys(errors ?? {}), [field], `${JSON.stringify(body)}: ${message}`);
    }
  });

  test("refuses bodies that are no JSON, too large or missing", async () => {
    const json = { "content-type": "application/json" };
    const send = (payload: string, headers: Record<string, string> = json) =>
      bench.send({ method: "POST", url: "/api/projects", payload, headers });
    const broken = await send("{broken");
    assert.deepEqual([broken.statusCode, broken.json().message], [400, "Invalid JSON body."]);
    assert.equal((await send("")).statusCode, 422);
    assert.equal((await send(JSON.stringify({ name: "x".repeat(2_000_000) }))).statusCode, 413);
    assert.equal((await send("name=x", { "content-type": "text/xml" })).statusCode, 415);
  });
});

describe("reading projects", () => {
  test("takes id or slug, and says what is near to one that is not there", async () => {
    const made = await bench.ask("POST /api/projects", { body: { name: "Reader", slug: "reader" } });
    assert.deepEqual(await bench.ask("GET /api/projects/:p", { params: { p: made.id } }), made);
    assert.deepEqual(await bench.ask("GET /api/projects/:p", { params: { p: "reader" } }), made);
    const { remedy } = await bench.fails("GET", "/api/projects/raeder", undefined, 404, "not_found");
    assert.match(remedy ?? "", /reader/);
  });

  test("lists slices, newest first, by a part of the name", async () => {
    for (const name of ["Page one", "Page two", "Page three"])
      await bench.ask("POST /api/projects", { body: { name } });
    const names = async (query: { limit?: number; offset?: number; name?: string }) => {
      const { data, ...slice } = await bench.ask("GET /api/projects", { query: { name: "PAGE", ...query } });
      return [data.map((p) => p.name), slice];
    };
    const total_count = 3;
    const all = (await bench.ask("GET /api/projects", { query: { name: "page" } })).data;
    assert.deepEqual(
      all.map(({ created_at }) => created_at),
      all
        .map(({ created_at }) => created_at)
        .toSorted()
        .toReversed(),
    );
    const inOrder = all.map(({ name }) => name);
    assert.deepEqual(await names({ limit: 2 }), [inOrder.slice(0, 2), { total_count, offset: 0, limit: 2 }]);
    assert.deepEqual(await names({ offset: 2 }), [inOrder.slice(2), { total_count, offset: 2, limit: 20 }]);
    assert.deepEqual(await names({ offset: -7, limit: 1000 }), [inOrder, { total_count, offset: 0, limit: 100 }]);
    assert.deepEqual(await names({ name: "two" }), [["Page two"], { total_count: 1, offset: 0, limit: 20 }]);
    assert.deepEqual((await names({ name: "%" }))[0], []);
  });

  test("refuses a limit or offset that is no integer with 400", async () => {
    for (const field of ["limit", "offset"]) {
      const { message } = await bench.fails("GET", `/api/projects?${field}=abc`, undefined, 400, "invalid");
      assert.equal(message, `Query param "${field}" must be an integer.`);
    }
  });
});

test("another name is only staged", async () => {
  const { id } = await bench.ask("POST /api/projects", { body: { name: "Before" } });
  const change = await bench.ask("PATCH /api/projects/:p", { params: { p: id }, body: { name: "After" } });
  assert.deepEqual(
    [change.op, change.target_type, change.target_id, change.payload, change.seq],
    ["project.update", "project", id, { name: "After" }, 1],
  );
  assert.equal((await bench.ask("GET /api/projects/:p", { params: { p: id } })).name, "Before");
  await bench.ask("POST /api/projects/:p/deploy", { params: { p: id } });
  assert.equal((await bench.ask("GET /api/projects/:p", { params: { p: id } })).name, "After");
  await bench.fails("PATCH", `/api/projects/${id}`, { slug: "new" }, 422, "invalid");
  await bench.fails("PATCH", `/api/projects/${id}`, { name: "" }, 422, "invalid");
});

test("deleting one takes effect at once; the default project stays", async () => {
  const { id, slug } = await bench.ask("POST /api/projects", { body: { name: "Gone" } });
  const params = { p: id };
  await bench.ask("POST /api/projects/:p/services", { params, body: { name: "inside" } });
  await bench.ask("DELETE /api/projects/:p", { params: { p: slug }, query: { volumes: "1" } });
  await bench.fails("GET", `/api/projects/${id}`, undefined, 404, "not_found");
  await bench.fails("GET", `/api/projects/${id}/services/inside`, undefined, 404, "not_found");
  await bench.fails("DELETE", "/api/projects/default", undefined, 409, "conflict");
});

test("a function of a project is found by the project's id, too", async () => {
  await bench.deployed("by-id");
  const { id } = await bench.ask("GET /api/projects/:p", { params: { p: "default" } });
  for (const project of [id, "default"]) {
    const answer = await bench.send({ url: `/api/functions/by-id?project=${project}` });
    assert.equal(answer.statusCode, 200, answer.body);
  }
});
