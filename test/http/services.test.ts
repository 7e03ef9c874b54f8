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
  p = (await bench.ask("POST /api/projects", { body: { name: "Shop" } })).id;
  base = `/api/projects/${p}/services`;
});
after(() => bench.close());

const IMAGE = { name: "web", image: "nginx:1.27" };

describe("creating a service", () => {
  test("with an image deploys it at once; it is private until told otherwise", async () => {
    const web = await bench.ask("POST /api/projects/:p/services", { params: { p }, body: IMAGE });
    assert.deepEqual(
      [web.kind, web.private, web.url, web.urls, web.preset, web.active_deployment, web.project_id],
      ["image", true, null, [], null, null, p],
    );
    const { data } = await bench.ask("GET /api/projects/:p/services/:s/deployments", { params: { p, s: web.id } });
    assert.deepEqual(
      data.map((d) => [d.image, d.status, d.active, d.service, d.function]),
      [["nginx:1.27", "pending", false, "web", null]],
    );
  });

  test("without one there is nothing to run yet", async () => {
    const body = { name: "later", private: false };
    const later = await bench.ask("POST /api/projects/:p/services", { params: { p }, body });
    assert.equal(later.status, "created");
    assert.match(later.url ?? "", /later-shop-[0-9a-f]{6}\./);
    const { total_count } = await bench.ask("GET /api/projects/:p/services/:s/deployments", {
      params: { p, s: "later" },
    });
    assert.equal(total_count, 0);
    await bench.fails("POST", `${base}/later/deployments`, {}, 422, "invalid");
  });

  test("takes everything a deployment has, and gives it back", async () => {
    const body = {
      ...IMAGE,
      icon_url: "https://example.com/a.png",
      ports: [{ container_port: 80 }, { container_port: 53, host_port: 5353, protocol: "udp" as const }],
      resources: { cpu_shares: 512, memory_mb: 128 },
      command: ["nginx", "-g", "daemon off;"],
      health: { path: "/up", interval_ms: 500, timeout_ms: 400, start_ms: 9000 },
      volumes: [{ source: "data", target: "/data" }],
      restart: "on-failure" as const,
      env_vars: { GREETING: "hi" },
    };
    const web = await bench.ask("POST /api/projects/:p/services", { params: { p }, body });
    assert.equal(web.icon_url, "https://example.com/a.png");
    const { data } = await bench.ask("GET /api/projects/:p/services/:s/deployments", { params: { p, s: "web" } });
    const [first] = data;
    assert.deepEqual(first?.ports, [{ container_port: 80, protocol: "tcp" }, body.ports[1]]);
    assert.deepEqual(first?.volumes, [{ source: "data", target: "/data", read_only: false }]);
    assert.deepEqual(first?.env_vars, { GREETING: "hi" });
    const { resources, command, health, restart } = body;
    assert.deepEqual(
      { resources: first?.resources, command: first?.command, health: first?.health, restart: first?.restart },
      { resources, command, health, restart },
    );
    const kept = await bench.ask("GET /api/projects/:p/services/:s/env-vars", { params: { p, s: "web" } });
    assert.deepEqual(
      kept.data.map(({ key, value, scope, scope_id }) => [key, value, scope, scope_id]),
      [["GREETING", "hi", "service", web.id]],
    );
  });

  test("a preset gives what is not given, with secrets of its own", async () => {
    const body = { name: "db", preset: "postgres", env_vars: [{ key: "POSTGRES_DB", value: "shop" }] };
    const db = await bench.ask("POST /api/projects/:p/services", { params: { p }, body });
    assert.deepEqual([db.preset, db.private, db.icon_url === null], ["postgres", true, false]);
    const { data } = await bench.ask("GET /api/projects/:p/services/:s/deployments", { params: { p, s: "db" } });
    assert.match(data[0]?.image ?? "", /^postgres:/);
    assert.deepEqual(data[0]?.ports, [{ container_port: 5432, protocol: "tcp" }]);
    assert.equal(data[0]?.volumes.length, 1);
    assert.equal(data[0]?.env_vars.POSTGRES_DB, "shop");
    assert.ok((data[0]?.env_vars.POSTGRES_PASSWORD ?? "").length >= 24);
    const { errors, remedy } = await bench.fails("POST", base, { name: "x", preset: "postgers" }, 422, "invalid");
    assert.deepEqual([Object.keys(errors ?? {}), /postgres/.test(remedy ?? "")], [["preset"], true]);
  });

  test("names each field that can't be used, with status 422, and makes nothing", async () => {
    const port = (wish: object) => ({ ...IMAGE, ports: [{ container_port: 80, ...wish }] });
    for (const [body, field] of [
      [{}, "name"],
      [{ name: "No_Label" }, "name"],
      [{ name: "123" }, "name"],
      [{ name: "admin" }, "name"],
      [{ name: "web", nope: 1 }, "nope"],
      [{ name: "web", kind: "other" }, "kind"],
      [{ name: "web", kind: "function", image: "nginx" }, "kind"],
      [{ name: "web", kind: "function", preset: "redis" }, "kind"],
      [{ name: "web", image: "Not An Image" }, "image"],
      [{ name: "web", image: 5 }, "image"],
      [{ name: "web", icon_url: "ftp://example.com/a" }, "icon_url"],
      [port({ container_port: 0 }), "ports[0].container_port"],
      [port({ container_port: "80" }), "ports[0].container_port"],
      [port({ host_port: 70_000 }), "ports[0].host_port"],
      [port({ host_port: 8080 }), "ports[0].host_port"],
      [port({ protocol: "sctp" }), "ports[0].protocol"],
      [port({ published: 1 }), "ports[0].published"],
      [{ ...IMAGE, replicas: 51 }, "replicas"],
      [{ ...IMAGE, replicas: 1.5 }, "replicas"],
      [{ ...IMAGE, resources: { memory_mb: 1 } }, "resources.memory"],
      [{ ...IMAGE, command: "run" }, "command"],
      [{ ...IMAGE, health: { path: "up" } }, "health.path"],
      [{ ...IMAGE, volumes: [{ source: "../x", target: "/x" }] }, "volumes[0].source"],
      [{ ...IMAGE, volumes: [{ source: "x", target: "x" }] }, "volumes[0].target"],
      [{ ...IMAGE, restart: "sometimes" }, "restart"],
      [{ ...IMAGE, env_vars: [{ key: "1A", value: "" }] }, "env_vars[0].key"],
      [
        {
          ...IMAGE,
          env_vars: [
            { key: "A", value: "1" },
            { key: "A", value: "2" },
          ],
        },
        "env_vars",
      ],
    ] as const) {
      const { errors, message } = await bench.fails("POST", base, body, 422, "invalid");
      assert.deepEqual(Object.keys(errors ?? {}), [field], `${JSON.stringify(body)}: ${message}`);
    }
    assert.equal((await bench.ask("GET /api/projects/:p/services", { params: { p } })).total_count, 0);
  });

  test("a name, route name or host port that is taken is 409, staged names too", async () => {
    const port = (host_port: number) => ({ ports: [{ container_port: 80, host_port }] });
    await bench.ask("POST /api/projects/:p/services", { params: { p }, body: { ...IMAGE, ...port(31_999) } });
    await bench.fails("POST", base, { name: "web" }, 409, "conflict");
    await bench.fails("POST", base, { ...IMAGE, name: "other", ...port(31_999) }, 409, "conflict");
    const staged = { op: "service.create" as const, payload: { name: "staged" } };
    await bench.ask("POST /api/projects/:p/pending-changes", { params: { p }, body: staged });
    await bench.fails("POST", base, { name: "staged" }, 409, "conflict");
  });
});

describe("reading services", () => {
  test("by id or name; those of another project are as unknown as those that are nowhere", async () => {
    const web = await bench.ask("POST /api/projects/:p/services", { params: { p }, body: IMAGE });
    assert.deepEqual(await bench.ask("GET /api/projects/:p/services/:s", { params: { p, s: "web" } }), web);
    assert.deepEqual(await bench.ask("GET /api/projects/:p/services/:s", { params: { p, s: web.id } }), web);
    for (const s of [web.id, "web", "nothing"])
      await bench.fails("GET", `/api/projects/default/services/${s}`, undefined, 404, "not_found");
    const { remedy } = await bench.fails("GET", `${base}/wbe`, undefined, 404, "not_found");
    assert.match(remedy ?? "", /web/);
  });

  test("in slices, newest first, by a part of the name, functions among them", async () => {
    await bench.deployed("listed");
    for (const name of ["listed-b", "other"])
      await bench.ask("POST /api/projects/:p/services", { params: { p: "default" }, body: { name } });
    const list = async (query: { name?: string; limit?: number; offset?: number }) =>
      bench.ask("GET /api/projects/:p/services", { params: { p: "default" }, query });
    const { data, total_count } = await list({ name: "LISTED" });
    assert.deepEqual(
      [data.map(({ name, kind }) => [name, kind]).toSorted(), total_count],
      [
        [
          ["listed", "function"],
          ["listed-b", "image"],
        ],
        2,
      ],
    );
    const times = data.map(({ created_at }) => created_at);
    assert.deepEqual(times, times.toSorted().toReversed());
    const second = await list({ name: "listed", limit: 1, offset: 1 });
    assert.deepEqual([second.data.map((s) => s.id), second.limit, second.offset], [[data[1]?.id], 1, 1]);
    await bench.fails("GET", `${base}?limit=x`, undefined, 400, "invalid");
  });

  test("a function that serves shows its active deployment and where it is", async () => {
    const { deploymentId } = await bench.deployed("shown");
    const shown = await bench.ask("GET /api/projects/:p/services/:s", { params: { p: "default", s: "shown" } });
    assert.deepEqual(
      [shown.active_deployment_id, shown.active_deployment?.id, shown.active_deployment?.replicas, shown.replicas],
      [deploymentId, deploymentId, 1, 1],
    );
    assert.match(shown.url ?? "", /^http:\/\/shown\./);
    assert.equal(shown.status, "running");
  });
});

describe("changing a service is only staged", () => {
  test("every field, as one entry", async () => {
    const web = await bench.ask("POST /api/projects/:p/services", { params: { p }, body: IMAGE });
    const body = {
      name: "site",
      icon_url: "",
      private: false,
      image: "nginx:1.28",
      replicas: 3,
      health: null,
      volumes: [],
      resources: { memory_mb: null },
    };
    const change = await bench.ask("PATCH /api/projects/:p/services/:s", { params: { p, s: "web" }, body });
    assert.deepEqual([change.op, change.target_type, change.target_id], ["service.update", "service", web.id]);
    const { icon_url: _, resources: __, ...same } = body;
    assert.deepEqual(change.payload, {
      ...same,
      icon_url: null,
      resources: { cpu_shares: null, memory_mb: null },
    });
    assert.deepEqual(await bench.ask("GET /api/projects/:p/services/:s", { params: { p, s: "web" } }), web);
    const { redeployed_service_ids } = await bench.ask("POST /api/projects/:p/deploy", { params: { p } });
    assert.deepEqual(redeployed_service_ids, [web.id]);
    const site = await bench.ask("GET /api/projects/:p/services/:s", { params: { p, s: "site" } });
    assert.deepEqual([site.id, site.private, site.urls.length], [web.id, false, 1]);
  });

  test("deleting, too", async () => {
    const web = await bench.ask("POST /api/projects/:p/services", { params: { p }, body: IMAGE });
    const change = await bench.ask("DELETE /api/projects/:p/services/:s", { params: { p, s: "web" } });
    assert.deepEqual([change.op, change.target_id, change.payload], ["service.delete", web.id, {}]);
    await bench.ask("GET /api/projects/:p/services/:s", { params: { p, s: "web" } });
    await bench.ask("POST /api/projects/:p/deploy", { params: { p } });
    await bench.fails("GET", `${base}/web`, undefined, 404, "not_found");
  });

  test("what can't be is refused", async () => {
    await bench.ask("POST /api/projects/:p/services", { params: { p }, body: IMAGE });
    await bench.ask("POST /api/projects/:p/services", { params: { p }, body: { name: "second" } });
    for (const [body, field] of [
      [{}, "body"],
      [{ name: "A" }, "name"],
      [{ kind: "function" }, "kind"],
      [{ image: "" }, "image"],
      [{ ports: [{ container_port: 1 }, { container_port: 1 }] }, "ports[1]"],
    ] as const) {
      const { errors } = await bench.fails("PATCH", `${base}/web`, body, 422, "invalid");
      assert.deepEqual(Object.keys(errors ?? {}), [field]);
    }
    await bench.fails("PATCH", `${base}/web`, { name: "second" }, 409, "conflict");
    await bench.fails("PATCH", `/api/projects/default/services/web`, { name: "x" }, 404, "not_found");
    assert.equal((await bench.ask("GET /api/projects/:p/pending-changes", { params: { p } })).data.length, 0);
  });

  test("a function's image is nobody's to choose", async () => {
    await bench.deployed("built");
    const own = "/api/projects/default/services/built";
    await bench.fails("PATCH", own, { image: "nginx" }, 400, "invalid");
    await bench.fails("POST", `${own}/deployments`, { image: "nginx" }, 400, "invalid");
    await bench.ask("PATCH /api/projects/:p/services/:s", {
      params: { p: "default", s: "built" },
      body: { icon_url: "https://example.com/i.svg" },
    });
  });
});

describe("acts take effect at once", () => {
  const act = { p: "default", s: "acted" };
  before(() => bench.deployed("acted"));

  test("stop and start", async () => {
    const stopped = await bench.ask("POST /api/projects/:p/services/:s/stop", { params: act });
    assert.equal(stopped.replicas, 0);
    assert.equal((await bench.ask("POST /api/projects/:p/services/:s/start", { params: act })).replicas, 1);
    await bench.fails("POST", "/api/projects/default/services/acted/start", undefined, 409, "conflict");
  });

  test("scale", async () => {
    const url = "/api/projects/default/services/acted/scale";
    await bench.ask("POST /api/projects/:p/services/:s/scale", { params: act, body: { replicas: 2 } });
    for (const body of [{}, { replicas: -1 }, { replicas: 51 }, { replicas: "2" }, { replicas: 1, nope: 1 }])
      await bench.fails("POST", url, body, 422, "invalid");
  });

  test("nothing that never ran restarts or goes back; foreign ids are unknown", async () => {
    await bench.ask("POST /api/projects/:p/services", { params: { p }, body: IMAGE });
    await bench.fails("POST", `${base}/web/restart`, undefined, 409, "conflict");
    const { data } = await bench.ask("GET /api/projects/:p/services/:s/deployments", { params: { p, s: "web" } });
    const body = { deployment_id: data[0]?.id ?? "" };
    await bench.fails("POST", `${base}/web/rollback`, body, 409, "conflict");
    await bench.fails("POST", `${base}/web/rollback`, { deployment_id: "nothing" }, 404, "not_found");
    await bench.fails("POST", "/api/projects/default/services/acted/rollback", body, 404, "not_found");
    await bench.ask("POST /api/projects/:p/services", { params: { p }, body: { name: "sister" } });
    await bench.fails("POST", `${base}/sister/rollback`, body, 400, "invalid");
    for (const verb of ["start", "stop", "restart", "rollback", "scale"])
      await bench.fails(
        "POST",
        `${base}/acted/${verb}`,
        { ...(verb === "scale" && { replicas: 1 }) },
        404,
        "not_found",
      );
  });
});
