import assert from "node:assert/strict";
import { test } from "node:test";
import { code, create, openProjects, shop } from "./project-bench.ts";

test("a project's slug is its name, short and plain, with six hex digits", async () => {
  const bench = openProjects();
  const slugOf = async (name: string) => (await bench.projectAdmin.create({ name })).slug;
  assert.match(await slugOf("My Shop!"), /^my-shop-[0-9a-f]{6}$/);
  assert.match(await slugOf("Ünï cödé"), /^uni-code-[0-9a-f]{6}$/);
  assert.match(await slugOf("商店"), /^project-[0-9a-f]{6}$/);
  assert.equal((await slugOf("x".repeat(90))).length, 47);
  assert.notEqual(await slugOf("twin"), await slugOf("twin"));
  await assert.rejects(bench.projectAdmin.create({ name: " " }), code("invalid"));
  await bench.projectAdmin.create({ name: "a", slug: "mine" });
  await assert.rejects(bench.projectAdmin.create({ name: "b", slug: "mine" }), code("conflict"));
  await assert.rejects(bench.projectAdmin.create({ name: "b", slug: "No Slug" }), code("invalid"));
});

test("a removed project takes all along; its slug comes back with its id and network", async () => {
  const bench = openProjects();
  const project = await shop(bench, "web", "db");
  await bench.staged.append(project.id, create("more"), null);
  await bench.projectAdmin.remove(project, { volumes: false });
  assert.equal(bench.removed.length, 2);
  await assert.rejects(
    bench.staged
      .list(project.id)
      .then((l) => assert.equal(l.length, 0))
      .then(() => bench.database.projects.get(project.id)),
    code("not_found"),
  );
  const again = await bench.projectAdmin.create({ name: "Shop", slug: project.slug });
  assert.deepEqual([again.id, again.networkIndex], [project.id, project.networkIndex]);
  const fallback = await bench.database.projects.create({
    id: "d",
    name: "default",
    slug: "default",
    createdAt: 0,
    updatedAt: 0,
  });
  await assert.rejects(bench.projectAdmin.remove(fallback, { volumes: false }), code("conflict"));
});

test("a project that could have no network is not made", async () => {
  const bench = openProjects(undefined, undefined, 2);
  await shop(bench);
  await shop(bench);
  await assert.rejects(bench.projectAdmin.create({ name: "Third" }), code("unavailable"));
  assert.equal(await bench.database.projects.count(), 2);
});
