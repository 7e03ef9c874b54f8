import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChangeBody } from "../../src/domain/pending-change.ts";
import { code, create, draft, openProjects, setVariable, shop } from "./project-bench.ts";

test("nothing of a staged edit is there before it is applied", async () => {
  const bench = openProjects();
  const project = await shop(bench, "web");
  await bench.staged.append(project.id, create("db"), null);
  await bench.staged.append(project.id, setVariable("project", project.id, "A", "1"), null);
  assert.equal(await bench.database.services.findByName(project.id, "db"), undefined);
  assert.deepEqual((await bench.newest(project, "web"))?.env, {});
  const result = await bench.staged.apply(project.id);
  assert.equal(result.appliedCount, 2);
  assert.deepEqual((await bench.newest(project, "web"))?.env, { A: "1" });
  assert.deepEqual((await bench.newest(project, "db"))?.env, { A: "1" });
  assert.deepEqual(result.redeployedServiceIds, [(await bench.service(project, "web")).id]);
  assert.equal(result.createdDeployments.length, 2);
});

test("exactly the services that run differently are redeployed", async () => {
  const bench = openProjects();
  const project = await shop(bench, "web", "db", "job");
  const [web, db] = [await bench.service(project, "web"), await bench.service(project, "db")];
  await bench.serviceEdits.create(project, { ...draft("empty"), settings: {} });
  const redeployed = async (change: ChangeBody) => {
    const { redeployedServiceIds } = await bench.applyNow(project, change);
    const names = await Promise.all(
      redeployedServiceIds.map(async (id) => (await bench.database.services.get(id)).name),
    );
    for (const name of names) await bench.served(project, name);
    return names;
  };
  const all = await redeployed(setVariable("project", project.id, "LEVEL", "1"));
  assert.deepEqual(all, ["db", "job", "web"]);
  assert.deepEqual(await redeployed(setVariable("service", web.id, "LEVEL", "2")), ["web"]);
  const level = (await bench.database.envVars.list({ scope: "project" }))[0];
  const about = { scope: "project" as const, scopeId: project.id, key: "LEVEL", oldValue: "1" };
  const update = { op: "env_var.update" as const, targetId: level?.id ?? "", payload: { ...about, value: "9" } };
  assert.deepEqual(await redeployed(update), ["db", "job"], "what web has itself hides the project's");
  assert.deepEqual(await redeployed(update), [], "the same value again changes nothing");
  assert.deepEqual(await redeployed(setVariable("service", web.id, "DB", "${{ db.HOST }}:${{ db.PORT }}")), ["web"]);
  assert.equal((await bench.newest(project, "web"))?.env.DB, "db:80");
  const rename = { op: "service.update" as const, targetId: db.id, payload: { name: "data" } };
  assert.deepEqual(await redeployed(rename), ["data", "web"]);
  assert.equal((await bench.newest(project, "web"))?.env.DB, "data:80");
  const icon = { iconUrl: "https://example.com/i.png", isPrivate: false };
  assert.deepEqual(await redeployed({ op: "service.update", targetId: db.id, payload: icon }), []);
});

test("a rename is followed by every reference, kept variables and a manifest's alike; data stays where it is", async () => {
  const bench = openProjects();
  const project = await shop(bench, "db", "web");
  const web = await bench.newest(project, "web");
  await bench.database.deployments.update(web?.id ?? "", { givenEnv: { GIVEN: "${{db.HOST}}" } });
  await bench.applyNow(project, setVariable("project", project.id, "ALL", "${{ db.HOST }} ${HOME} ${{ no.HOST }}"));
  const db = await bench.service(project, "db");
  await bench.applyNow(project, { op: "service.update", targetId: db.id, payload: { name: "data" } });
  assert.deepEqual((await bench.newest(project, "web"))?.env, {
    ALL: "data ${HOME} ${{ no.HOST }}",
    GIVEN: "data",
  });
  const renamed = await bench.service(project, "data");
  assert.deepEqual(renamed.formerNames, ["db"]);
  assert.equal(renamed.volumesName, "db");
  assert.equal(renamed.routeName, `data-${project.slug}`);
  assert.equal((await bench.database.canvas.findNodeOfService(db.id))?.label, "data");
  const { service } = await bench.serviceEdits.create(project, draft("db"));
  assert.match(service.volumesName, /^db-[0-9a-f]{6}$/, "the old data is not the new service's");
  assert.deepEqual((await bench.service(project, "data")).formerNames, [], "nor does the old name stay another's");
});

test("names may go round in a circle in one go", async () => {
  const bench = openProjects();
  const project = await shop(bench, "a", "b");
  const [a, b] = [await bench.service(project, "a"), await bench.service(project, "b")];
  const rename = (targetId: string, name: string) => ({ op: "service.update", targetId, payload: { name } }) as const;
  for (const change of [rename(a.id, "c"), rename(b.id, "a"), rename(a.id, "b")])
    await bench.staged.append(project.id, change, null);
  await bench.staged.apply(project.id);
  assert.equal((await bench.service(project, "a")).id, b.id);
  assert.equal((await bench.service(project, "b")).id, a.id);
  for (const name of ["a", "b"]) assert.deepEqual((await bench.service(project, name)).formerNames, []);
});

test("names are free or taken as they will be once the log is applied", async () => {
  const bench = openProjects();
  const project = await shop(bench, "web");
  const web = await bench.service(project, "web");
  const append = (change: ChangeBody) => bench.staged.append(project.id, change, null);
  await assert.rejects(append(create("web")), code("conflict"));
  await append({ op: "service.update", targetId: web.id, payload: { name: "web" } });
  await append({ op: "service.update", targetId: web.id, payload: { name: "site" } });
  await append(create("web"));
  await assert.rejects(append(create("site")), code("conflict"));
  await assert.rejects(bench.serviceEdits.create(project, draft("site")), code("conflict"), "at once, too");
  await append({ op: "service.delete", targetId: web.id, payload: {} });
  await append(create("site"));
  await assert.rejects(append({ op: "service.delete", targetId: web.id, payload: {} }), code("not_found"));
  await bench.staged.apply(project.id);
  assert.deepEqual(
    (await bench.database.services.list({ projectId: project.id })).map((s) => s.name),
    ["site", "web"],
  );
  assert.deepEqual(
    bench.removed.map((s) => s.id),
    [web.id],
  );
});

test("a variable of a staged service finds it once that is created", async () => {
  const bench = openProjects();
  const project = await shop(bench);
  const made = create("web", { envVars: [{ key: "A", value: "1" }] });
  await bench.staged.append(project.id, made, null);
  const variable = { op: "env_var.create", targetId: null, parentTempId: made.targetTempId } as const;
  await bench.staged.append(project.id, { ...variable, payload: { scope: "service", key: "B", value: "2" } }, null);
  const again = { ...variable, payload: { scope: "service" as const, key: "A", value: "3" } };
  await assert.rejects(bench.staged.append(project.id, again, null), code("conflict"));
  await assert.rejects(bench.staged.append(project.id, { ...again, parentTempId: "gone" }, null), code("not_found"));
  const { tempIdToServiceId } = await bench.staged.apply(project.id);
  assert.equal(tempIdToServiceId[made.targetTempId], (await bench.service(project, "web")).id);
  assert.deepEqual((await bench.newest(project, "web"))?.env, { A: "1", B: "2" });
});

test("what a staged entry is about may vanish: it is left out, and the rest is applied", async () => {
  const bench = openProjects();
  const project = await shop(bench, "web", "db");
  const web = await bench.service(project, "web");
  await bench.staged.append(project.id, setVariable("service", web.id, "A", "1"), null);
  await bench.staged.append(project.id, { op: "service.update", targetId: web.id, payload: { name: "site" } }, null);
  await bench.staged.append(project.id, { op: "project.update", payload: { name: "New" } }, null);
  await bench.database.services.remove(web.id);
  assert.equal((await bench.staged.apply(project.id)).appliedCount, 3);
  assert.equal((await bench.database.projects.get(project.id)).name, "New");
  assert.deepEqual(await bench.database.envVars.list({ projectId: project.id }), []);
});

test("an entry that can't be applied any more undoes all of them, and the log stays", async () => {
  const bench = openProjects();
  const project = await shop(bench, "web");
  await bench.staged.append(project.id, { op: "project.update", payload: { name: "New" } }, null);
  await bench.staged.append(project.id, create("db"), null);
  // A function may come by that name by another door.
  const web = await bench.service(project, "web");
  await bench.database.services.create({
    ...web,
    id: "f",
    name: "db",
    routeName: "elsewhere",
    activeDeploymentId: null,
  });
  const before = await bench.staged.list(project.id);
  await assert.rejects(bench.staged.apply(project.id), code("conflict"));
  assert.deepEqual(await bench.staged.list(project.id), before);
  assert.equal((await bench.database.projects.get(project.id)).name, "Shop");
  await bench.database.services.remove("f");
  assert.equal((await bench.staged.apply(project.id)).appliedCount, 2, "the log can be applied again");
});

test("of two who apply at once one wins and the other is told", async () => {
  const bench = openProjects();
  const project = await shop(bench, "web");
  await bench.staged.append(project.id, setVariable("project", project.id, "A", "1"), null);
  const [first, second] = await Promise.allSettled([bench.staged.apply(project.id), bench.staged.apply(project.id)]);
  assert.equal(first.status, "fulfilled");
  assert.ok(second.status === "rejected" && code("conflict")(second.reason));
  assert.equal((await bench.database.deployments.list({})).length, 2);
});

test("an entry that others build on can't be taken out alone; creations and deletions never", async () => {
  const bench = openProjects();
  const project = await shop(bench, "web", "db");
  const web = await bench.service(project, "web");
  const append = (change: ChangeBody) => bench.staged.append(project.id, change, null);
  const rename = await append({ op: "service.update", targetId: web.id, payload: { name: "site" } });
  const made = await append(create("web"));
  await assert.rejects(bench.staged.remove(project.id, rename.id), code("conflict"));
  await assert.rejects(bench.staged.remove(project.id, made.id), code("invalid"));
  const deleted = await append({ op: "service.delete", targetId: web.id, payload: {} });
  await assert.rejects(bench.staged.remove(project.id, deleted.id), code("invalid"));
  await assert.rejects(bench.staged.remove(project.id, "nothing"), code("not_found"));
  const other = await bench.projectAdmin.create({ name: "Other" });
  await assert.rejects(bench.staged.remove(other.id, rename.id), code("not_found"), "another project's");
  assert.equal((await bench.staged.list(project.id)).length, 3);
});

test("what is stopped stays so: its change waits for its start", async () => {
  const bench = openProjects();
  const project = await shop(bench, "web");
  const web = await bench.service(project, "web");
  await bench.database.services.update(web.id, { desired: "stopped", status: "stopped" });
  for (const value of ["1", "2"]) {
    const variable = (await bench.database.envVars.list({ projectId: project.id }))[0];
    const about = { scope: "service" as const, scopeId: web.id, key: "A", oldValue: "" };
    await bench.applyNow(
      project,
      variable === undefined
        ? setVariable("service", web.id, "A", value)
        : { op: "env_var.update", targetId: variable.id, payload: { ...about, value } },
    );
  }
  const deployments = await bench.database.deployments.list({ serviceId: web.id });
  assert.deepEqual(
    deployments.map((d) => [d.status, d.awaitsStart, d.env.A]),
    [
      ["built", true, "2"],
      ["superseded", true, "1"],
      ["healthy", false, undefined],
    ],
  );
  assert.equal((await bench.service(project, "web")).desired, "stopped");
});

test("a dragged service is staged once, nowhere when it is back, and goes back when all is discarded", async () => {
  const bench = openProjects();
  const project = await shop(bench, "web");
  const web = await bench.service(project, "web");
  const node = await bench.database.canvas.findNodeOfService(web.id);
  assert.ok(node);
  for (const id of ["g1", "g2"])
    await bench.database.canvas.putNode({ ...node, id, type: "group", serviceId: null, label: id });
  await bench.applyNow(project, setVariable("group", "g1", "IN", "g1"));
  await bench.applyNow(project, setVariable("group", "g2", "IN", "g2"));
  const drag = async (from: string | null, to: string | null) => {
    await bench.database.canvas.putNode({ ...node, parentId: to });
    await bench.staged.reparent(project.id, web.id, from, null);
    return (await bench.staged.list(project.id)).map((c) => c.payload);
  };
  assert.deepEqual(await drag(null, "g1"), [{ reparented: true, previousParentId: null }]);
  assert.deepEqual(await drag("g1", "g2"), [{ reparented: true, previousParentId: null }]);
  assert.deepEqual(await drag("g2", null), []);
  await drag(null, "g2");
  await bench.staged.discardAll(project.id);
  assert.equal((await bench.database.canvas.findNodeOfService(web.id))?.parentId, null);
  await drag(null, "g1");
  await bench.staged.apply(project.id);
  assert.deepEqual((await bench.newest(project, "web"))?.env, { IN: "g1" });
});

test("what never came up keeps its settings, and a mended variable tries it again", async () => {
  const bench = openProjects();
  const project = await shop(bench);
  const { service, deployment } = await bench.serviceEdits.create(project, draft("db"));
  await bench.database.deployments.update(deployment?.id ?? "", { status: "failed", failureReason: "no password" });
  const { redeployedServiceIds } = await bench.applyNow(project, setVariable("service", service.id, "PASSWORD", "x"));
  assert.deepEqual(redeployedServiceIds, [service.id]);
  const newest = await bench.newest(project, "db");
  assert.deepEqual([newest?.wantedImage, newest?.env], ["app:1", { PASSWORD: "x" }]);
});
