import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { openApiBench, type ProjectBench } from "./project-bench.ts";

let bench: ProjectBench;
let p: string;
let base: string;
before(async () => {
  bench = await openApiBench();
});
beforeEach(async () => {
  p = (await bench.ask("POST /api/projects", { body: { name: "Staging" } })).id;
  base = `/api/projects/${p}`;
});
after(() => bench.close());

type Stage = Parameters<typeof bench.ask<"POST /api/projects/:p/pending-changes">>[1]["body"];
const stage = (body: Stage) => bench.ask("POST /api/projects/:p/pending-changes", { params: { p }, body });
const list = async () => (await bench.ask("GET /api/projects/:p/pending-changes", { params: { p } })).data;

describe("staging any change", () => {
  test("each op becomes an entry; all of them are applied together", async () => {
    const web = await bench.ask("POST /api/projects/:p/services", { params: { p }, body: { name: "web", image: "a" } });
    const old = await bench.ask("POST /api/projects/:p/services", { params: { p }, body: { name: "old" } });
    await stage({ op: "env_var.create", payload: { scope: "project", key: "KEPT", value: "1" } });
    await stage({ op: "env_var.create", payload: { scope: "project", key: "GOES", value: "1" } });
    await bench.ask("POST /api/projects/:p/deploy", { params: { p } });
    const { data: variables } = await bench.ask("GET /api/projects/:p/env-vars", { params: { p } });
    const idOf = (key: string) => variables.find((v) => v.key === key)?.id ?? "";

    await stage({ op: "project.update", payload: { name: "Staged" } });
    const made = await stage({
      op: "service.create",
      target_temp_id: "t1",
      payload: { name: "backend", image: "b:1" },
    });
    await stage({ op: "service.update", target_id: "web", payload: { image: "a:2" } });
    await stage({ op: "service.delete", target_id: old.id });
    await stage({ op: "env_var.create", parent_temp_id: "t1", payload: { scope: "service", key: "A", value: "1" } });
    await stage({ op: "env_var.create", target_id: "web", payload: { scope: "service", key: "B", value: "2" } });
    await stage({ op: "env_var.update", target_id: idOf("KEPT"), payload: { value: "2" } });
    await stage({ op: "env_var.delete", target_id: idOf("GOES") });

    assert.deepEqual([made.target_id, made.target_temp_id], [null, "t1"]);
    assert.deepEqual(made.payload, {
      ...{ name: "backend", kind: "image", icon_url: null, private: true, preset: null, image: "b:1", env_vars: [] },
    });
    const entries = await list();
    assert.deepEqual(
      entries.map(({ seq, op, target_type }) => [seq, op, target_type]),
      [
        [1, "project.update", "project"],
        [2, "service.create", "service"],
        [3, "service.update", "service"],
        [4, "service.delete", "service"],
        [5, "env_var.create", "env_var"],
        [6, "env_var.create", "env_var"],
        [7, "env_var.update", "env_var"],
        [8, "env_var.delete", "env_var"],
      ],
    );
    const result = await bench.ask("POST /api/projects/:p/deploy", { params: { p } });
    const api = result.temp_id_to_service_id.t1;
    assert.equal(result.applied_count, 8);
    assert.deepEqual(result.redeployed_service_ids, [web.id]);
    assert.deepEqual(
      new Map(result.created_deployments.map((d) => [d.service_id, [d.image, d.env_vars, d.status]])),
      new Map([
        [api, ["b:1", { KEPT: "2", A: "1" }, "pending"]],
        [web.id, ["a:2", { KEPT: "2", B: "2" }, "pending"]],
      ]),
    );
    assert.deepEqual(await list(), []);
    await bench.fails("GET", `${base}/services/old`, undefined, 404, "not_found");
  });

  test("a staged preset has its secrets from the start", async () => {
    const { payload, target_temp_id } = await stage({
      op: "service.create",
      payload: { name: "db", preset: "redis" },
    });
    assert.match(target_temp_id ?? "", /^[0-9a-f-]{36}$/);
    const variables = payload.env_vars as readonly { readonly key: string; readonly value: string }[];
    assert.ok((variables.find(({ key }) => key === "REDIS_PASSWORD")?.value ?? "").length >= 24);
    assert.equal(payload.preset, "redis");
  });

  test("what is taken by then is 409: names, keys, temporary ids", async () => {
    await stage({ op: "service.create", target_temp_id: "t", payload: { name: "web" } });
    const create = { op: "service.create", payload: { name: "web" } };
    await bench.fails("POST", `${base}/pending-changes`, create, 409, "conflict");
    const twice = { ...create, target_temp_id: "t", payload: { name: "other" } };
    await bench.fails("POST", `${base}/pending-changes`, twice, 409, "conflict");
    const params = { p: "default" };
    const { id } = await bench.ask("POST /api/projects/:p/services", { params, body: { name: "on-a-canvas" } });
    const node = await bench.database.canvas.findNodeOfService(id);
    assert.ok(node !== undefined, "every service gets a canvas node by itself");
    await bench.fails("POST", `${base}/pending-changes`, { ...twice, target_temp_id: node.id }, 409, "conflict");
  });

  test("what is not there, or another project's, is 404", async () => {
    const url = `${base}/pending-changes`;
    await bench.ask("POST /api/projects/:p/services", { params: { p: "default" }, body: { name: "theirs" } });
    const { id } = await bench.ask("GET /api/projects/:p/services/:s", { params: { p: "default", s: "theirs" } });
    const variable = (wish: object) => ({
      op: "env_var.create",
      payload: { scope: "service", key: "A", value: "" },
      ...wish,
    });
    for (const body of [
      { op: "service.update", target_id: id, payload: { name: "x" } },
      { op: "service.delete", target_id: "nothing" },
      { op: "env_var.update", target_id: "nothing", payload: { value: "" } },
      { op: "env_var.delete", target_id: "nothing" },
      variable({ target_id: id }),
      variable({ parent_temp_id: "nothing" }),
      variable({ target_id: "nothing", payload: { scope: "group", key: "A", value: "" } }),
      variable({ target_id: "nothing", payload: { scope: "project", key: "A", value: "" } }),
    ])
      await bench.fails("POST", url, body, 404, "not_found");
    await bench.fails(
      "POST",
      "/api/projects/nothing/pending-changes",
      { op: "service.delete", target_id: "x" },
      404,
      "not_found",
    );
    assert.deepEqual(await list(), []);
  });

  test("what is no change is 422", async () => {
    const url = `${base}/pending-changes`;
    for (const [body, field] of [
      [{}, "op"],
      [{ op: "service.explode" }, "op"],
      [{ op: "project.update" }, "payload"],
      [{ op: "project.update", payload: { name: "" } }, "name"],
      [{ op: "project.update", payload: { name: "x", slug: "y" } }, "payload.slug"],
      [{ op: "service.create", payload: { name: "Bad Name" } }, "name"],
      [{ op: "service.create", payload: { name: "x", more: 1 } }, "payload.more"],
      [{ op: "env_var.create", payload: { scope: "service", key: "A", value: "" } }, "target_id"],
      [
        { op: "env_var.create", parent_temp_id: "t", payload: { scope: "project", key: "A", value: "" } },
        "parent_temp_id",
      ],
      [{ op: "service.delete", target_id: "x", more: 1 }, "more"],
    ] as const) {
      const { errors } = await bench.fails("POST", url, body, 422, "invalid");
      assert.deepEqual(Object.keys(errors ?? {}), [field], JSON.stringify(body));
    }
  });
});

describe("discarding", () => {
  test("one entry, unless it creates or deletes a service", async () => {
    const gone = await bench.ask("POST /api/projects/:p/services", { params: { p }, body: { name: "gone" } });
    const rename = await stage({ op: "project.update", payload: { name: "Other" } });
    const create = await stage({ op: "service.create", payload: { name: "web" } });
    const remove = await stage({ op: "service.delete", target_id: gone.id });
    const one = "DELETE /api/projects/:p/pending-changes/:changeId";
    await bench.ask(one, { params: { p, changeId: rename.id } });
    assert.deepEqual(
      (await list()).map(({ id }) => id),
      [create.id, remove.id],
    );
    for (const { id } of [create, remove]) {
      const { message, remedy } = await bench.fails(
        "DELETE",
        `${base}/pending-changes/${id}`,
        undefined,
        400,
        "invalid",
      );
      assert.match(`${message} ${remedy}`, /canvas|[Dd]iscard/);
    }
    await bench.fails("DELETE", `${base}/pending-changes/${rename.id}`, undefined, 404, "not_found");
    await bench.fails("DELETE", `/api/projects/default/pending-changes/${create.id}`, undefined, 404, "not_found");
  });

  test("all of them leaves no trace", async () => {
    await stage({ op: "service.create", payload: { name: "web" } });
    await stage({ op: "project.update", payload: { name: "Other" } });
    await bench.ask("DELETE /api/projects/:p/pending-changes", { params: { p } });
    assert.deepEqual(await list(), []);
    assert.equal((await bench.ask("GET /api/projects/:p", { params: { p } })).name, "Staging");
    const { applied_count } = await bench.ask("POST /api/projects/:p/deploy", { params: { p } });
    assert.equal(applied_count, 0);
  });
});

test("an entry that can't be applied any more undoes all, and the log stays", async () => {
  await stage({ op: "project.update", payload: { name: "Half" } });
  await stage({
    op: "service.create",
    payload: { name: "web", image: "a", ports: [{ container_port: 1, host_port: 30_001 }] },
  });
  const port = { ports: [{ container_port: 1, host_port: 30_001 }] };
  const body = { name: "first", image: "a", ...port };
  await bench.ask("POST /api/projects/:p/services", { params: { p: "default" }, body });
  await bench.fails("POST", `${base}/deploy`, undefined, 409, "conflict");
  assert.equal((await list()).length, 2);
  assert.equal((await bench.ask("GET /api/projects/:p", { params: { p } })).name, "Staging");
});

test("two people who apply at once apply it once", async () => {
  await stage({ op: "service.create", payload: { name: "web", image: "a" } });
  const apply = () => bench.send({ method: "POST", url: `${base}/deploy` });
  const answers = await Promise.all([apply(), apply()]);
  const outcomes = answers.map((answer) => (answer.statusCode === 409 ? 0 : Number(answer.json().applied_count)));
  assert.deepEqual(outcomes.toSorted(), [0, 1], answers.map(({ body }) => body).join());
  const { data } = await bench.ask("GET /api/projects/:p/services", { params: { p } });
  assert.equal(data.length, 1);
});
