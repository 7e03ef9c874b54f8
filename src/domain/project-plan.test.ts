import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isAppError } from "./errors.ts";
import { type ManifestRules, settingsOf } from "./manifest.ts";
import type { FunctionModel } from "./manifest-of.ts";
import type { MaterializedPreset } from "./preset.ts";
import { emptyPicture, groupNames, type ProjectPicture, specOf } from "./project-picture.ts";
import { type PlanOptions, type ProjectPlan, planProject } from "./project-plan.ts";
import type { ProjectSpec, ServiceSpec } from "./project-spec.ts";
import type { ServiceState, Variable } from "./project-state.ts";
import { DEFAULT_SERVICE_SETTINGS, type ServiceSettings } from "./service-settings.ts";

const RULES: ManifestRules = {
  reservedNames: [],
  volumeRoots: [],
  networks: ["faaso-net"],
  capabilities: ["NET_BIND_SERVICE"],
  ownHosts: [],
} as ManifestRules;

let made = 0;
const POSTGRES: MaterializedPreset = {
  id: "postgres",
  name: "PostgreSQL",
  image: "postgres:16",
  iconUrl: "https://icons.example/postgres.svg",
  ports: [{ containerPort: 5432, protocol: "tcp" }],
  envVars: [{ key: "POSTGRES_PASSWORD", value: "fresh" }],
  command: [],
  volumes: [{ source: "data", target: "/var/lib/postgresql/data", readOnly: false }],
  url: "postgres://{POSTGRES_PASSWORD}@{HOST}:{PORT}/app",
  hasRecipe: true,
};

function options(patch: Partial<PlanOptions> = {}): PlanOptions {
  return {
    prune: true,
    isNew: false,
    newId: () => `new-${++made}`,
    preset: () => POSTGRES,
    presetUrls: () => POSTGRES,
    settingsOf: (manifest) => settingsOf(manifest, RULES),
    ...patch,
  };
}

const value = fc.constantFrom("a", "b", "${{ db.URL }}", "${{ web.HOST }}:1");
const env = fc.dictionary(fc.constantFrom("A", "B", "C"), value, { maxKeys: 3, noNullPrototype: true });

function model(sourceId: string, givenEnv: Readonly<Record<string, string>>): FunctionModel {
  return {
    sourceId,
    runtime: "node",
    options: {},
    listenPorts: [3000],
    givenEnv,
    replicas: 1,
    declaredReplicas: null,
    resources: { cpuMillicores: null, memoryBytes: 134_217_728 },
    command: [],
    health: null,
    startMs: 60_000,
    timeoutMs: 30_000,
    volumes: [],
    buildInputs: { args: {}, secrets: [] },
    secrets: [],
    networks: [],
    capabilities: [],
    isolation: "runc",
    routes: [],
    test: null,
    declared: {},
  };
}

const imageSettings = fc.record({
  image: fc.constantFrom("nginx:1", "nginx:2"),
  replicas: fc.integer({ min: 1, max: 2 }),
  command: fc.constantFrom([], ["serve"]),
  ports: fc.constantFrom([], [{ containerPort: 80, protocol: "tcp" as const }]),
  givenEnv: env,
});

type Wish = {
  readonly settings: Pick<ServiceSettings, "image" | "replicas" | "command" | "ports" | "givenEnv">;
  readonly env: Record<string, string>;
  readonly group: string | null;
  readonly isPrivate: boolean;
  readonly routes: readonly string[];
  readonly source: string;
};

const wish = fc.record<Wish>({
  settings: imageSettings,
  env,
  group: fc.constantFrom(null, "front", "back"),
  isPrivate: fc.boolean(),
  routes: fc.uniqueArray(fc.constantFrom("/a", "a.example.com"), { maxLength: 2 }),
  source: fc.constantFrom("s1", "s2"),
});

/** A service's name says its kind and preset: those never change. */
const pictures = fc
  .record({
    env,
    groups: fc.uniqueArray(fc.constantFrom("front", "back"), { maxLength: 2 }),
    groupEnv: env,
    services: fc.dictionary(fc.constantFrom("web", "api", "db", "fn"), wish, { maxKeys: 4, noNullPrototype: true }),
  })
  .map((drawn): ProjectPicture => {
    const groups = new Map(drawn.groups.map((name) => [`g-${++made}`, name]));
    const idOf = (name: string | null) => [...groups].find(([, n]) => n === name)?.[0] ?? null;
    const variables: Variable[] = [];
    const add = (scope: Variable["scope"], scopeId: string, all: Readonly<Record<string, string>>) => {
      for (const [key, text] of Object.entries(all))
        variables.push({ id: `v-${++made}`, scope, scopeId, key, value: text });
    };
    add("project", "p1", drawn.env);
    for (const id of groups.keys()) add("group", id, drawn.groupEnv);
    const services: ServiceState[] = [];
    const functions = new Map<string, FunctionModel>();
    const routes: ProjectPicture["routes"][number][] = [];
    for (const [name, one] of Object.entries(drawn.services)) {
      const id = `s-${++made}`;
      const isFunction = name === "fn";
      const fn = model(one.source, one.settings.givenEnv);
      if (isFunction) functions.set(id, fn);
      add("service", id, name === "db" ? { POSTGRES_PASSWORD: "kept", ...one.env } : one.env);
      for (const route of one.routes) routes.push({ serviceId: id, route: `${route}${name}` });
      const { sourceId: _, ...fields } = fn;
      services.push({
        ...{ id, name, iconUrl: null, isPrivate: one.isPrivate, port: null },
        kind: isFunction ? "function" : "image",
        preset: name === "db" ? "postgres" : null,
        groupId: idOf(one.group),
        settings: isFunction
          ? { ...DEFAULT_SERVICE_SETTINGS, image: null, resources: fields.resources, givenEnv: fields.givenEnv }
          : { ...DEFAULT_SERVICE_SETTINGS, ...one.settings },
      });
    }
    const state = { id: "p1", name: "Shop", services, variables, groups: new Map(), groupIds: [...groups.keys()] };
    return { state, slug: "shop", groupNames: groups, routes, functions };
  });

/** The project once the plan is carried out, uploads of `wanted` included. */
function carriedOut(before: ProjectPicture, plan: ProjectPlan, wanted: ProjectPicture): ProjectPicture {
  const names = new Map([...before.groupNames].filter(([id]) => !plan.removedGroups.includes(id)));
  for (const { id, name } of plan.newGroups) names.set(id, name);
  const removed = new Set(plan.removedRoutes.map((r) => `${r.serviceId} ${r.route}`));
  const ids = new Set(plan.after.services.map((s) => s.id));
  const functions = new Map([...before.functions].filter(([id]) => ids.has(id)));
  for (const name of plan.uploads) {
    const id = plan.after.services.find((s) => s.name === name)?.id ?? "";
    const source = wanted.state.services.find((s) => s.name === name)?.id ?? "";
    const uploaded = wanted.functions.get(source);
    if (uploaded !== undefined) functions.set(id, uploaded);
  }
  return {
    ...before,
    state: plan.after,
    groupNames: names,
    routes: [...before.routes, ...plan.addedRoutes].filter(
      (r) => ids.has(r.serviceId) && !removed.has(`${r.serviceId} ${r.route}`),
    ),
    functions,
  };
}

test("a project's own document changes nothing, pruned or not", () => {
  fc.assert(
    fc.property(pictures, fc.boolean(), (picture, prune) => {
      const plan = planProject(picture, specOf(picture), options({ prune }));
      assert.deepEqual(plan.changes, []);
      assert.deepEqual(plan.after, picture.state);
      assert.deepEqual(plan.uploads, []);
    }),
  );
});

test("once a document is applied and pruned the project says the same document, and a second plan is empty", () => {
  fc.assert(
    fc.property(pictures, pictures, (before, wanted) => {
      const plan = planProject(before, specOf(wanted), options());
      const after = carriedOut(before, plan, wanted);
      assert.deepEqual(specOf(after), specOf(wanted));
      assert.deepEqual(planProject(after, specOf(wanted), options()).changes, []);
    }),
  );
});

test("a document makes a whole project anew", () => {
  fc.assert(
    fc.property(pictures, (wanted) => {
      const before = emptyPicture("p2", "Shop", "shop");
      const plan = planProject(before, specOf(wanted), options({ isNew: true }));
      assert.deepEqual(specOf(carriedOut(before, plan, wanted)), specOf(wanted));
      assert.equal(plan.changes[0]?.what, "project");
    }),
  );
});

test("without prune nothing is deleted", () => {
  fc.assert(
    fc.property(pictures, pictures, (before, wanted) => {
      const plan = planProject(before, specOf(wanted), options({ prune: false }));
      assert.ok(plan.changes.every((change) => change.action !== "delete"));
      for (const { name } of before.state.services) assert.ok(plan.after.services.some((s) => s.name === name));
    }),
  );
});

test("values of variables are nowhere in what a plan says", () => {
  fc.assert(
    fc.property(pictures, pictures, (before, wanted) => {
      const spec = specOf(wanted);
      const secret: ProjectSpec = { ...spec, env: { ...spec.env, KEY: "hunter2-value" } };
      assert.doesNotMatch(JSON.stringify(planProject(before, secret, options()).changes), /hunter2-value/);
    }),
  );
});

const SERVICE: ServiceSpec = {
  name: "db",
  kind: "image",
  preset: "postgres",
  iconUrl: null,
  isPrivate: true,
  group: null,
  env: {},
  settings: {},
  manifest: null,
  sourceId: null,
  routes: [],
};
const SPEC: ProjectSpec = { name: "Shop", slug: "shop", env: {}, groups: [], services: [SERVICE] };

test("a preset's secrets are made once, and stay when the document leaves them out", () => {
  const first = planProject(emptyPicture("p", "Shop", "shop"), SPEC, options({ isNew: true }));
  assert.deepEqual(
    first.after.variables.map((v) => [v.key, v.value]),
    [["POSTGRES_PASSWORD", "fresh"]],
  );
  assert.deepEqual(first.after.services[0]?.settings?.volumes, POSTGRES.volumes);
  const picture = { ...emptyPicture("p", "Shop", "shop"), state: first.after };
  const other = { ...POSTGRES, envVars: [{ key: "POSTGRES_PASSWORD", value: "another" }] };
  assert.deepEqual(planProject(picture, SPEC, options({ preset: () => other })).changes, []);
});

test("a service that only gets another variable of the project is told to be deployed", () => {
  const settings = { image: "nginx:1" };
  const web: ServiceSpec = { ...SERVICE, name: "web", preset: null, settings };
  const spec: ProjectSpec = { ...SPEC, services: [web] };
  const first = planProject(emptyPicture("p", "Shop", "shop"), spec, options({ isNew: true }));
  const picture = { ...emptyPicture("p", "Shop", "shop"), state: first.after };
  const { changes } = planProject(picture, { ...spec, env: { LEVEL: "info" } }, options());
  assert.deepEqual(changes, [
    { action: "create", what: "variable", name: "Shop.LEVEL", fields: [], redeploys: false },
    { action: "update", what: "service", name: "web", fields: ["env"], redeploys: true },
  ]);
});

test("what can't become what the document says is refused with its place", () => {
  const first = planProject(emptyPicture("p", "Shop", "shop"), SPEC, options({ isNew: true }));
  const picture = { ...emptyPicture("p", "Shop", "shop"), state: first.after };
  const refused = (service: ServiceSpec, code: "conflict" | "invalid", words: RegExp) =>
    assert.throws(
      () => planProject(picture, { ...SPEC, services: [service] }, options()),
      (error) => isAppError(error, code) && words.test(error.message),
    );
  refused({ ...SERVICE, kind: "function", preset: null }, "conflict", /services\.db\.kind: it is image/);
  refused({ ...SERVICE, preset: null, settings: { image: "x" } }, "conflict", /services\.db\.preset: it is postgres/);
  refused({ ...SERVICE, group: "nowhere" }, "invalid", /services\.db\.group: the document has no group nowhere/);
});

test("two groups of one label have two names", () => {
  const groups = [
    { id: "1", label: "Back" },
    { id: "2", label: "Back" },
    { id: "3", label: " " },
  ];
  assert.deepEqual([...groupNames(groups).values()], ["Back", "Back (2)", "Group"]);
});
