/** Whole projects as documents over HTTP. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openApiBench, type ProjectBench } from "./project-bench.ts";

let bench: ProjectBench;
before(async () => {
  bench = await openApiBench();
});
after(() => bench.close());

type Document = Parameters<typeof apply>[0];

function apply(document: Record<string, unknown> & { name: string }, more: object = {}) {
  return bench.ask("POST /api/projects/apply", { body: { document, ...more } });
}

const SHOP = (slug: string): Document => ({
  name: "Shop",
  slug,
  env: { LEVEL: "info" },
  groups: { back: { env: { TIER: "back" } } },
  services: {
    web: {
      image: "nginx:1",
      group: "back",
      env: { A: "1" },
      private: false,
      routes: [`${slug}.example.org`],
      ports: ["80"],
    },
    later: { kind: "image", image: null },
    fn: { kind: "function", private: true },
  },
});

test("a document makes the project, its own document changes nothing, and reads as it was written", async () => {
  const made = await apply(SHOP("one"));
  assert.equal(made.project?.slug, "one");
  assert.deepEqual(
    made.changes.map(({ action, what, name, redeploys }) => `${action} ${what} ${name}${redeploys ? " *" : ""}`),
    [
      "create project Shop",
      "create group back",
      "create service fn",
      "create service later",
      "create service web *",
      "create variable web.A",
      "create variable Shop.LEVEL",
      "create variable back/TIER",
      "create route web one.example.org",
    ],
  );
  assert.deepEqual(
    made.result?.created_deployments.map((d) => [d.service, d.env_vars]),
    [["web", { LEVEL: "info", TIER: "back", A: "1" }]],
  );
  const { document } = await bench.ask("GET /api/projects/:p/spec", { params: { p: "one" } });
  const again = await apply(document, { prune: true });
  assert.deepEqual([again.changes, again.result?.created_deployments], [[], []]);
  assert.equal(again.project?.id, made.project?.id);
  const { data } = await bench.ask("GET /api/projects/:p/groups", { params: { p: "one" } });
  assert.deepEqual(
    data.map((group) => group.name),
    ["back"],
  );
  const node = await bench.database.canvas.findNodeOfService(made.result?.created_deployments[0]?.service_id ?? "");
  assert.equal(node?.parentId, data[0]?.id);
});

test("a dry run does nothing; a plan that is another one by now is refused", async () => {
  const plan = await apply(SHOP("two"), { dry_run: true });
  assert.deepEqual([plan.project, plan.result], [null, null]);
  assert.equal(await bench.database.projects.findBySlug("two"), undefined);
  await apply({ name: "Shop", slug: "two" });
  const body = { document: SHOP("two"), plan: plan.plan };
  const { message } = await bench.fails("POST", "/api/projects/apply", body, 409, "conflict");
  assert.match(message, /has changed since the plan was made/);
  const second = await apply(SHOP("two"), { dry_run: true });
  assert.equal((await apply(SHOP("two"), { plan: second.plan })).changes.length, second.changes.length);
});

test("when anything of it can't be, nothing of it is", async () => {
  await apply(SHOP("three"));
  const taken = {
    ...SHOP("four"),
    services: { a: { image: "nginx:1" }, web: { image: "nginx:1", routes: ["three.example.org"] } },
  };
  for (const dry_run of [true, false]) {
    const body = { document: taken, dry_run };
    const { message } = await bench.fails("POST", "/api/projects/apply", body, 409, "conflict");
    assert.match(message, /three\.example\.org is taken by web/);
  }
  assert.equal(await bench.database.projects.findBySlug("four"), undefined);
});

test("of two who agreed to different plans at once one wins, and the other is told", async () => {
  await apply({ name: "Race", slug: "race" });
  const documents = ["1", "2"].map((A) => ({ name: "Race", slug: "race", env: { A } }));
  const plans = await Promise.all(documents.map((document) => apply(document, { dry_run: true })));
  const answers = await Promise.all(
    documents.map((document, i) =>
      bench.send({ method: "POST", url: "/api/projects/apply", payload: { document, plan: plans[i]?.plan } }),
    ),
  );
  assert.deepEqual(answers.map((answer) => answer.statusCode).sort(), [200, 409]);
  const { document } = await bench.ask("GET /api/projects/:p/spec", { params: { p: "race" } });
  assert.deepEqual(document.env, documents[answers.findIndex((answer) => answer.statusCode === 200)]?.env);
});

test("staged changes are in the way, and one of several projects of a name must be named by its slug", async () => {
  await apply({ name: "Busy", slug: "busy" });
  await bench.ask("PATCH /api/projects/:p", { params: { p: "busy" }, body: { name: "Other" } });
  const { message, remedy } = await bench.fails(
    "POST",
    "/api/projects/apply",
    { document: { name: "Busy" } },
    409,
    "conflict",
  );
  assert.match(message, /1 change is staged in busy/);
  assert.match(remedy ?? "", /slipway changes list --project busy/);
  await apply({ name: "Twin", slug: "twin-a" });
  await apply({ name: "Twin", slug: "twin-b" });
  const twins = await bench.fails("POST", "/api/projects/apply", { document: { name: "Twin" } }, 409, "conflict");
  assert.match(twins.message, /twin-a, twin-b/);
});

test("each field that can't be is named", async () => {
  const services = (web: object): Document => ({ name: "Bad", slug: "bad", services: { web } });
  for (const [document, field] of [
    [{ name: "x".repeat(101) }, "name"],
    [{ name: "Bad", slug: "No Slug" }, "slug"],
    [{ name: "Bad", nope: 1 }, "nope"],
    [{ name: "Bad", env: { "1A": "x" } }, "env.1A"],
    [{ name: "Bad", services: { "No Name": { image: "nginx:1" } } }, 'services."No Name"'],
    [services({ image: "No Image" }), "services.web.image"],
    [services({ image: "nginx:1", replicas: 0 }), "services.web.replicas"],
    [services({ image: "nginx:1", ports: ["70000"] }), "services.web.ports[0].container_port"],
    [services({ image: "nginx:1", volumes: ["../x:/data"] }), "services.web.volumes[0].source"],
    [services({ image: "nginx:1", group: "nowhere" }), "services.web.group"],
    [services({ image: "nginx:1", source: "./x" }), "services.web.image"],
    [services({ preset: "postgrs" }), "services.web.preset"],
    [services({ sourceId: "a".repeat(64), manifest: { capabilities: ["SYS_ADMIN"] } }), undefined],
    [services({ sourceId: "abc" }), "services.web.sourceId"],
  ] as const) {
    const answer = await bench.send({ method: "POST", url: "/api/projects/apply", payload: { document } as object });
    const what = `${JSON.stringify(document).slice(0, 120)}: ${answer.body}`;
    assert.equal(answer.statusCode, field === undefined ? 403 : 422, what);
    if (field !== undefined) assert.ok(Object.keys(answer.json().errors ?? {}).includes(field), what);
  }
  assert.equal(await bench.database.projects.findBySlug("bad"), undefined);
});

test("a function's source comes as it was uploaded, and one that has none says so", async () => {
  await bench.deployed("hello");
  const answer = await bench.send({ method: "GET", url: "/api/functions/hello/source" });
  assert.equal(answer.statusCode, 200);
  assert.match(String(answer.headers["x-slipway-source-id"]), /^[0-9a-f]{64}$/);
  assert.equal(answer.rawPayload.readUInt16BE(0), 0x1f8b);
  await apply({ name: "Empty", slug: "empty", services: { fn: { kind: "function" } } });
  await bench.fails("GET", "/api/functions/fn/source?project=empty", undefined, 404, "not_found");
  await bench.fails("GET", "/api/functions/none/source", undefined, 404, "not_found");
});

test("a function's variables and scale change without its source; another source is asked for", async () => {
  await bench.deployed("greeter");
  const read = await bench.ask("GET /api/projects/:p/spec", { params: { p: "default" } });
  const { services, ...rest } = read.document as Document & { services: Record<string, Record<string, unknown>> };
  const fn = services.greeter ?? {};
  const plan = (greeter: object) =>
    apply({ ...rest, services: { ...services, greeter } } as Document, { dry_run: true });
  assert.deepEqual((await plan(fn)).changes, []);
  const scaled = await plan({ ...fn, manifest: { ...(fn.manifest as object), scale: { min: 2 } } });
  assert.deepEqual([scaled.changes.map((c) => c.fields), scaled.uploads], [[["replicas"]], []]);
  const other = await plan({ ...fn, sourceId: "f".repeat(64) });
  assert.deepEqual([other.changes.map((c) => c.fields), other.uploads], [[["source"]], ["greeter"]]);
  const kept = await plan({ ...fn, env: { A: "1" } });
  assert.deepEqual(
    kept.changes.map((c) => `${c.action} ${c.what} ${c.name} ${c.redeploys}`),
    ["create variable greeter.A false", "update service greeter true"],
  );
});
