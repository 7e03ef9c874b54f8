import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isAppError } from "../../src/domain/errors.ts";
import type { ChangeBody } from "../../src/domain/pending-change.ts";
import type { Project } from "../../src/domain/project.ts";
import { newId } from "../../src/lib/ids.ts";
import { draft, openProjects, type Projects } from "./project-bench.ts";

/** An edit as a person would say it: services by name, staged or not. */
type Edit =
  | { readonly kind: "create"; readonly name: string; readonly env: string }
  | { readonly kind: "rename"; readonly name: string; readonly to: string }
  | { readonly kind: "delete"; readonly name: string }
  | { readonly kind: "image"; readonly name: string; readonly image: string }
  | { readonly kind: "set" | "unset"; readonly name: string | null; readonly key: string; readonly value: string }
  | { readonly kind: "rename project"; readonly to: string };

const NAMES = ["web", "db", "api", "job"];
const name = fc.constantFrom(...NAMES);
const value = fc.constantFrom("1", "2", "${{ db.HOST }}", "http://${{ web.HOST }}:${{ web.PORT }}", "${{ api.URL }}/x");
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ kind: fc.constant("create" as const), name, env: value }),
  fc.record({ kind: fc.constant("rename" as const), name, to: name }),
  fc.record({ kind: fc.constant("delete" as const), name }),
  fc.record({ kind: fc.constant("image" as const), name, image: fc.constantFrom("app:1", "app:2") }),
  fc.record({
    kind: fc.constantFrom("set" as const, "set" as const, "unset" as const),
    name: fc.option(name),
    key: fc.constantFrom("A", "B"),
    value,
  }),
  fc.record({ kind: fc.constant("rename project" as const), to: fc.constantFrom("One", "Two") }),
);

/** Services and variables as they will be, with the ids that an entry of the log needs. */
type Known = {
  readonly services: Map<string, { id: string | null; tempId: string | null }>;
  readonly variables: Map<string, { id: string; value: string } | null>;
};

/** The entry of the log for an edit; undefined when that says nothing (of what is not there, or is only staged). */
function changeFor(edit: Edit, known: Known, project: Project): ChangeBody | undefined {
  if (edit.kind === "rename project") return { op: "project.update", payload: { name: edit.to } };
  if (edit.kind === "create") {
    const envVars = [{ key: "MADE", value: edit.env }];
    return { op: "service.create", targetTempId: newId(), payload: draft(edit.name, { envVars }) };
  }
  const service = edit.name === null ? undefined : known.services.get(edit.name);
  if (edit.name !== null && service === undefined) return undefined;
  if (edit.kind === "set" || edit.kind === "unset") {
    const slot = `${edit.name ?? ""}.${edit.key}`;
    const present = known.variables.get(slot);
    const scope = edit.name === null ? ("project" as const) : ("service" as const);
    const scopeId = edit.name === null ? project.id : (service?.id ?? null);
    if (present === undefined) {
      if (edit.kind === "unset") return undefined;
      const target = { targetId: scopeId, parentTempId: scopeId === null ? (service?.tempId ?? null) : null };
      return { op: "env_var.create", ...target, payload: { scope, key: edit.key, value: edit.value } };
    }
    // Staged a moment ago: it has no id to name it by yet.
    if (present === null || scopeId === null) return undefined;
    const about = { scope, scopeId, key: edit.key, oldValue: present.value };
    if (edit.kind === "unset") return { op: "env_var.delete", targetId: present.id, payload: about };
    return { op: "env_var.update", targetId: present.id, payload: { ...about, value: edit.value } };
  }
  if (service?.id == null) return undefined;
  if (edit.kind === "delete") return { op: "service.delete", targetId: service.id, payload: {} };
  if (edit.kind === "image")
    return { op: "service.update", targetId: service.id, payload: { settings: { image: edit.image } } };
  if (edit.kind !== "rename") return undefined;
  return { op: "service.update", targetId: service.id, payload: { name: edit.to } };
}

/** What the store and the log say together. */
async function knownOf(bench: Projects, project: Project): Promise<Known> {
  const services: Known["services"] = new Map();
  const variables: Known["variables"] = new Map();
  const stored = await bench.database.services.list({ projectId: project.id });
  const scopes = new Map<string, string>([[project.id, ""]]);
  for (const { id, name } of stored) {
    services.set(name, { id, tempId: null });
    scopes.set(id, name);
  }
  for (const v of await bench.database.envVars.list({ projectId: project.id }))
    variables.set(`${scopes.get(v.scopeId)}.${v.key}`, { id: v.id, value: v.value });
  for (const change of await bench.staged.list(project.id)) {
    const nameOf = (id: string | null): string =>
      [...services].find(([, s]) => s.id === id || s.tempId === id)?.[0] ?? "";
    if (change.op === "service.create") {
      services.set(change.payload.name, { id: null, tempId: change.targetTempId });
      scopes.set(change.targetTempId, change.payload.name);
      variables.set(`${change.payload.name}.MADE`, null);
    }
    if (change.op === "service.delete") {
      const gone = nameOf(change.targetId);
      services.delete(gone);
      for (const slot of [...variables.keys()]) if (slot.startsWith(`${gone}.`)) variables.delete(slot);
    }
    if (change.op === "service.update" && change.payload.name !== undefined) {
      const old = nameOf(change.targetId);
      const moved = services.get(old);
      if (moved === undefined) continue;
      services.delete(old);
      services.set(change.payload.name, moved);
      for (const [slot, variable] of [...variables]) {
        if (!slot.startsWith(`${old}.`)) continue;
        variables.delete(slot);
        variables.set(`${change.payload.name}.${slot.slice(old.length + 1)}`, variable);
      }
    }
    if (change.op === "env_var.create") {
      const scope = change.payload.scope === "project" ? "" : nameOf(change.targetId ?? change.parentTempId);
      variables.set(`${scope}.${change.payload.key}`, null);
    }
    if (change.op === "env_var.delete")
      for (const [slot, variable] of [...variables]) if (variable?.id === change.targetId) variables.delete(slot);
  }
  return { services, variables };
}

/** Everything of a project that people see, ids left out. */
async function outcomeOf({ database, newest }: Projects, project: Project) {
  const services = await database.services.list({ projectId: project.id });
  const names = new Map([[project.id, ""], ...services.map((s) => [s.id, s.name] as const)]);
  const nodes = await database.canvas.listNodes(project.id);
  const labels = new Map(nodes.map((n) => [n.id, n.label]));
  const edges = await database.canvas.listEdges(project.id);
  return {
    project: (await database.projects.get(project.id)).name,
    services: await Promise.all(
      services.map(async (s) => {
        const deployment = await newest(project, s.name);
        return [s.name, s.routeName.replace(project.slug, ""), deployment?.wantedImage, deployment?.env];
      }),
    ),
    variables: (await database.envVars.list({ projectId: project.id }))
      .map((v) => `${names.get(v.scopeId)}.${v.key}=${v.value}`)
      .sort(),
    nodes: nodes.map((n) => n.label).sort(),
    edges: edges.map((e) => `${labels.get(e.sourceId)} ${e.label} ${labels.get(e.targetId)}`).sort(),
  };
}

/** Stages it; an edit that can't be made (a name is taken) is left out, whichever way. */
async function stage(bench: Projects, project: Project, change: ChangeBody): Promise<boolean> {
  try {
    await bench.staged.append(project.id, change, null);
    return true;
  } catch (error) {
    if (isAppError(error, "conflict")) return false;
    throw error;
  }
}

const START: readonly Edit[] = [
  { kind: "create", name: "web", env: "${{ db.HOST }}" },
  { kind: "create", name: "db", env: "1" },
  { kind: "set", name: null, key: "A", value: "${{ db.URL }}" },
];

async function projectWith(bench: Projects, edits: readonly Edit[]): Promise<Project> {
  const project = await bench.projectAdmin.create({ name: "Zero", slug: "zero" });
  for (const one of edits) {
    const change = changeFor(one, await knownOf(bench, project), project);
    if (change !== undefined && (await stage(bench, project, change))) await bench.staged.apply(project.id);
  }
  return project;
}

test("edits that are staged and applied together make what they make one by one", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 14 }), async (edits) => {
      const [staged, direct] = [openProjects(), openProjects()];
      const project = await projectWith(staged, START);
      const other = await projectWith(direct, START);
      for (const one of edits) {
        const change = changeFor(one, await knownOf(staged, project), project);
        // Only what could be staged is an edit at all.
        if (change === undefined || !(await stage(staged, project, change))) continue;
        const now = changeFor(one, await knownOf(direct, other), other);
        assert.ok(now !== undefined, JSON.stringify(one));
        await direct.applyNow(other, now);
      }
      await staged.staged.apply(project.id);
      assert.deepEqual(await outcomeOf(staged, project), await outcomeOf(direct, other));
      assert.deepEqual(await staged.staged.list(project.id), []);
    }),
    { numRuns: 300 },
  );
});

test("edits that are discarded leave no trace", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 14 }), async (edits) => {
      const bench = openProjects();
      const project = await projectWith(bench, START);
      const before = await outcomeOf(bench, project);
      const deployments = await bench.database.deployments.list({});
      for (const one of edits) {
        const change = changeFor(one, await knownOf(bench, project), project);
        if (change !== undefined) await stage(bench, project, change);
      }
      assert.deepEqual(await outcomeOf(bench, project), before);
      await bench.staged.discardAll(project.id);
      assert.deepEqual(await outcomeOf(bench, project), before);
      assert.equal((await bench.staged.apply(project.id)).appliedCount, 0);
      assert.deepEqual(await bench.database.deployments.list({}), deployments);
    }),
    { numRuns: 200 },
  );
});
