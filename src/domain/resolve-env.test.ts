import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PRESETS } from "./presets.ts";
import type { ProjectState, ServiceState, Variable } from "./project-state.ts";
import { keptEnv, mainPort, type PresetUrls, resolveEnv } from "./resolve-env.ts";
import { DEFAULT_SERVICE_SETTINGS } from "./service-settings.ts";

const presets: PresetUrls = (id) => PRESETS.find((preset) => preset.id === id);

function service(name: string, given: Partial<ServiceState> = {}): ServiceState {
  const settings = { ...DEFAULT_SERVICE_SETTINGS, image: "x" };
  const common = { kind: "image" as const, iconUrl: null, isPrivate: true, preset: null, groupId: null, port: null };
  return { id: `id-${name}`, name, settings, ...common, ...given };
}

/** A service as the preset's creation leaves it, and its variables. */
function fromPreset(presetId: string, name: string, values: Readonly<Record<string, string>> = {}) {
  const preset = PRESETS.find(({ id }) => id === presetId);
  if (preset === undefined) throw new Error(`there is no preset ${presetId}`);
  const settings = { ...DEFAULT_SERVICE_SETTINGS, image: preset.image, ports: preset.ports };
  const variables = preset.envVars.map((v) =>
    set(`id-${name}`, v.key, values[v.key] ?? ("value" in v ? v.value : "generated")),
  );
  return { service: service(name, { preset: presetId, settings }), variables };
}

const set = (scopeId: string, key: string, value: string, scope: Variable["scope"] = "service"): Variable => ({
  ...{ id: `${scopeId}-${key}`, scope, scopeId, key, value },
});

function state(services: readonly ServiceState[], variables: readonly Variable[]): ProjectState {
  return { id: "p", name: "p", services, variables, groups: new Map(), groupIds: ["g"] };
}

const envOf = (project: ProjectState, one: ServiceState, given?: Readonly<Record<string, string>>) =>
  resolveEnv(project, one, presets, given).env;

test("nearer lies over farther: project, group, service, then what is given; others' variables are never seen", () => {
  const levels = ["project", "group", "service", "given"] as const;
  const keys = fc.constantFrom("A", "B", "C", "__proto__", "constructor");
  const entry = fc.record({ level: fc.constantFrom(...levels, "other"), key: keys });
  fc.assert(
    fc.property(
      fc.uniqueArray(entry, { selector: ({ level, key }) => `${level} ${key}`, maxLength: 12 }),
      (entries) => {
        const app = service("app", { groupId: "g" });
        const scopeIds = { project: "p", group: "g", service: app.id, other: "id-other" };
        const kept = entries.flatMap(({ level, key }) =>
          level === "given" ? [] : [set(scopeIds[level], key, level, level === "other" ? "service" : level)],
        );
        const given = Object.fromEntries(
          entries.flatMap(({ level, key }) => (level === "given" ? [[key, level]] : [])),
        );
        const expected = new Map<string, string>();
        for (const level of levels)
          for (const { level: at, key } of entries) if (at === level) expected.set(key, level);
        const env = envOf(state([app], kept), app, given);
        assert.deepEqual(
          Object.entries(env),
          [...expected].sort(([a], [b]) => (a < b ? -1 : 1)),
        );
      },
    ),
  );
});

test("outside a group its variables are not there", () => {
  const app = service("app");
  assert.deepEqual(keptEnv(state([app], [set("g", "A", "1", "group"), set("p", "B", "2", "project")]), app), {
    B: "2",
  });
});

test("the URL of a database holds its variables as they are, whatever characters are in them", () => {
  const text = fc.string({ unit: "binary", minLength: 1, maxLength: 20 }).filter((value) => !value.includes("${{"));
  fc.assert(
    fc.property(text, text, text, (user, password, database) => {
      const values = { POSTGRES_USER: user, POSTGRES_PASSWORD: password, POSTGRES_DB: database };
      const db = fromPreset("postgres", "db", values);
      const app = service("app");
      const env = envOf(state([app, db.service], [...db.variables, set(app.id, "URL", "${{ db.URL }}")]), app);
      const url = new URL(env.URL ?? "");
      assert.equal(decodeURIComponent(url.username), user.toWellFormed());
      assert.equal(decodeURIComponent(url.password), password.toWellFormed());
      const path = /^postgresql:\/\/[^/]*\/(.*)$/.exec(env.URL ?? "")?.[1];
      assert.equal(decodeURIComponent(path ?? ""), database.toWellFormed());
      assert.equal(`${url.hostname}:${url.port}`, "db:5432");
    }),
  );
});

test("each preset's URL is whole, names host and port, and holds its secret", () => {
  for (const preset of PRESETS) {
    const db = fromPreset(preset.id, "db");
    const app = service("app");
    const env = envOf(state([app, db.service], [...db.variables, set(app.id, "URL", "${{ db.URL }}")]), app);
    const url = new URL(env.URL ?? "");
    assert.equal(`${url.hostname}:${url.port}`, `db:${preset.ports[0]?.containerPort}`, preset.id);
    assert.equal(url.password, "generated", preset.id);
  }
});

test("HOST is the name, PORT the first TCP port, URL plain http for what is no preset", () => {
  const settings = {
    ...DEFAULT_SERVICE_SETTINGS,
    image: "x",
    ports: [
      { containerPort: 53, protocol: "udp" as const },
      { containerPort: 8053, hostPort: 9, protocol: "tcp" as const },
    ],
  };
  const [dns, app] = [service("dns", { settings, port: 1 }), service("app")];
  const variables = [set(app.id, "ALL", "${{ dns.HOST }} ${{ dns.PORT }} ${{ DNS.URL }} ${HOME}")];
  assert.equal(envOf(state([app, dns], variables), app).ALL, "dns 8053 http://dns:8053 ${HOME}");
  assert.equal(mainPort(service("built", { port: 8080 })), 8080);
});

test("what is not known stays as it is and is told as a reference", () => {
  const [app, bare] = [service("app"), service("bare", { settings: null })];
  const variables = [
    set(app.id, "B", "${{ nobody.URL }}"),
    set(app.id, "A", "${{ nobody.HOST }}-${{ bare.PORT }}-${{ bare.HOST }}"),
  ];
  const { env, references } = resolveEnv(state([app, bare], variables), app, presets);
  assert.deepEqual(env, { A: "${{ nobody.HOST }}-${{ bare.PORT }}-bare", B: "${{ nobody.URL }}" });
  assert.deepEqual(Object.fromEntries(references), { nobody: ["A", "B"], bare: ["A"] });
});

test("a URL of which a part is missing is not made up", () => {
  const db = fromPreset("postgres", "db");
  const app = service("app");
  const without = db.variables.filter(({ key }) => key !== "POSTGRES_PASSWORD");
  const project = state([app, db.service], [...without, set(app.id, "URL", "${{ db.URL }}")]);
  assert.equal(envOf(project, app).URL, "${{ db.URL }}");
});

test("variables of a database may come from its project and refer to others; a URL in a URL stays unknown", () => {
  const app = service("app");
  const urlWith = (database: string): string | undefined => {
    const db = fromPreset("postgres", "db");
    const own = db.variables.filter(({ key }) => key !== "POSTGRES_DB");
    const variables = [...own, set("p", "POSTGRES_DB", database, "project"), set(app.id, "URL", "${{ db.URL }}")];
    return envOf(state([app, db.service], variables), app).URL;
  };
  assert.equal(urlWith("shared"), "postgresql://postgres:generated@db:5432/shared");
  assert.equal(urlWith("of-${{ app.HOST }}"), "postgresql://postgres:generated@db:5432/of-app");
  assert.equal(urlWith("${{ db.URL }}"), "${{ db.URL }}");
  assert.equal(urlWith("${{ app.URL }}"), "${{ db.URL }}");
});

test("a renamed database is found by its new name, with the same password", () => {
  const db = fromPreset("redis", "cache", { REDIS_PASSWORD: "p@ss/word" });
  const app = service("app");
  const project = (name: string, reference: string) =>
    state([app, { ...db.service, name }], [...db.variables, set(app.id, "URL", reference)]);
  assert.equal(envOf(project("cache", "${{ cache.URL }}"), app).URL, "redis://default:p%40ss%2Fword@cache:6379");
  assert.equal(envOf(project("store", "${{ store.URL }}"), app).URL, "redis://default:p%40ss%2Fword@store:6379");
});
