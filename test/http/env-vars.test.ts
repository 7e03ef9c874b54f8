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
  p = (await bench.ask("POST /api/projects", { body: { name: "Vars" } })).id;
  base = `/api/projects/${p}`;
  await bench.ask("POST /api/projects/:p/services", { params: { p }, body: { name: "web", image: "nginx" } });
});
after(() => bench.close());

const apply = () => bench.ask("POST /api/projects/:p/deploy", { params: { p } });

/** A canvas group of the project; groups are made on the canvas. */
async function makeGroup(projectId: string, id: string): Promise<void> {
  await bench.database.canvas.putNode({
    ...{ id, projectId, type: "group", label: id, positionX: 0, positionY: 0, width: null, height: null },
    ...{ serviceId: null, parentId: null, data: "{}", createdAt: 1, updatedAt: 1 },
  });
}

test("a variable is staged, applied, changed and deleted, in each scope", async () => {
  await makeGroup(p, "group-a");
  const { id: serviceId } = await bench.ask("GET /api/projects/:p/services/:s", { params: { p, s: "web" } });
  for (const [part, scope, scopeId] of [
    ["", "project", p],
    ["/groups/group-a", "group", "group-a"],
    ["/services/web", "service", serviceId],
  ] as const) {
    const url = `${base}${part}/env-vars`;
    const send = async (method: "POST" | "PATCH" | "DELETE", path: string, payload?: object) => {
      const answer = await bench.send({ method, url: path, ...(payload && { payload }) });
      return [answer.statusCode, answer.json()] as const;
    };
    const list = async () => (await bench.send({ url })).json().data;

    const [created, change] = await send("POST", url, { key: "GREETING", value: "hi" });
    assert.deepEqual([created, change.op, change.target_type], [201, "env_var.create", "env_var"]);
    assert.deepEqual([change.target_id, change.payload], [scopeId, { scope, key: "GREETING", value: "hi" }]);
    assert.match(change.user_id, /./);
    assert.deepEqual(await list(), []);
    await bench.fails("POST", url, { key: "GREETING", value: "again" }, 409, "conflict");
    await apply();
    const [variable] = await list();
    assert.deepEqual(
      [variable.key, variable.value, variable.scope, variable.scope_id],
      ["GREETING", "hi", scope, scopeId],
    );
    await bench.fails("POST", url, { key: "GREETING", value: "again" }, 409, "conflict");

    const [patched, update] = await send("PATCH", `${url}/${variable.id}`, { value: "ho" });
    const about = { scope, scope_id: scopeId, key: "GREETING", old_value: "hi" };
    assert.deepEqual([patched, update.op, update.payload], [200, "env_var.update", { ...about, value: "ho" }]);
    await apply();
    assert.equal((await list())[0].value, "ho");

    const [removed, removal] = await send("DELETE", `${url}/${variable.id}`);
    assert.deepEqual([removed, removal.op, removal.target_id], [200, "env_var.delete", variable.id]);
    assert.equal((await send("POST", url, { key: "GREETING", value: "free again" }))[0], 201);
    await apply();
    assert.deepEqual(
      (await list()).map((v: { value: string }) => v.value),
      ["free again"],
    );
  }
});

describe("what can't be", () => {
  test("keys and values are told apart, each by its field", async () => {
    const url = `${base}/env-vars`;
    for (const [body, field] of [
      [{}, "key"],
      [{ key: "1A", value: "" }, "key"],
      [{ key: "A-B", value: "" }, "key"],
      [{ key: "", value: "" }, "key"],
      [{ key: "A", value: 5 }, "value"],
      [{ key: "A", value: "nul\0" }, "value"],
      [{ key: "A", value: "x".repeat(70_000) }, "value"],
      [{ key: "A", value: "", scope: "service" }, "scope"],
    ] as const) {
      const { errors } = await bench.fails("POST", url, body, 422, "invalid");
      assert.ok(Object.keys(errors ?? {}).includes(field), JSON.stringify([body, errors]));
    }
  });

  test("a new value is required", async () => {
    await bench.ask("POST /api/projects/:p/env-vars", { params: { p }, body: { key: "A", value: "1" } });
    await apply();
    const { data } = await bench.ask("GET /api/projects/:p/env-vars", { params: { p } });
    const url = `${base}/env-vars/${data[0]?.id}`;
    for (const body of [{}, undefined]) {
      const { message } = await bench.fails("PATCH", url, body, 400, "invalid");
      assert.equal(message, "value is required.");
    }
    await bench.fails("PATCH", url, { value: 1 }, 422, "invalid");
    await bench.fails("PATCH", url, { value: "2", key: "B" }, 422, "invalid");
  });

  test("ids of another project, scope, group or service are unknown", async () => {
    await makeGroup("project-default", "group-of-default");
    await bench.ask("POST /api/projects/:p/env-vars", { params: { p }, body: { key: "A", value: "1" } });
    await apply();
    const { data } = await bench.ask("GET /api/projects/:p/env-vars", { params: { p } });
    const id = data[0]?.id ?? "";
    for (const url of [
      `/api/projects/default/env-vars/${id}`,
      `${base}/services/web/env-vars/${id}`,
      `${base}/env-vars/nothing`,
      `${base}/services/nothing/env-vars/${id}`,
      `${base}/groups/group-of-default/env-vars/${id}`,
    ]) {
      await bench.fails("PATCH", url, { value: "2" }, 404, "not_found");
      await bench.fails("DELETE", url, undefined, 404, "not_found");
    }
    for (const part of ["/groups/group-of-default", "/groups/nothing", "/services/nothing"]) {
      await bench.fails("GET", `${base}${part}/env-vars`, undefined, 404, "not_found");
      await bench.fails("POST", `${base}${part}/env-vars`, { key: "A", value: "" }, 404, "not_found");
    }
  });
});

test("a service that is only staged takes variables, which come with it", async () => {
  const body = {
    op: "service.create" as const,
    target_temp_id: "temp-1",
    payload: { name: "backend", image: "node:24" },
  };
  await bench.ask("POST /api/projects/:p/pending-changes", { params: { p }, body });
  const call = "POST /api/projects/:p/pending-services/:tempId/env-vars";
  const params = { p, tempId: "temp-1" };
  const change = await bench.ask(call, { params, body: { key: "PORT", value: "80" } });
  assert.deepEqual(
    [change.op, change.target_id, change.parent_temp_id, change.target_temp_id],
    ["env_var.create", null, "temp-1", null],
  );
  const url = `${base}/pending-services`;
  await bench.fails("POST", `${url}/temp-1/env-vars`, { key: "PORT", value: "81" }, 409, "conflict");
  await bench.fails("POST", `${url}/temp-1/env-vars`, { key: "no key", value: "" }, 422, "invalid");
  await bench.fails("POST", `${url}/temp-2/env-vars`, { key: "PORT", value: "" }, 404, "not_found");
  const elsewhere = "/api/projects/default/pending-services/temp-1/env-vars";
  await bench.fails("POST", elsewhere, { key: "B", value: "" }, 404, "not_found");
  const { temp_id_to_service_id: ids } = await apply();
  const { data } = await bench.ask("GET /api/projects/:p/services/:s/env-vars", {
    params: { p, s: ids["temp-1"] ?? "" },
  });
  assert.deepEqual(
    data.map(({ key, value }) => [key, value]),
    [["PORT", "80"]],
  );
  await bench.fails("POST", `${url}/temp-1/env-vars`, { key: "C", value: "" }, 404, "not_found");
});
