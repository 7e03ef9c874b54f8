import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AppError, type ErrorCode } from "./errors.ts";
import { isRuntimeFolder, type Manifest, type ManifestRules, mergeManifests, settingsOf } from "./manifest.ts";
import { effectlessFields } from "./manifest-warnings.ts";
import { DEFAULT_SETTINGS } from "./rollout.ts";

const RULES: ManifestRules = {
  reservedNames: ["api", "apps"],
  volumeRoots: ["/srv"],
  capabilities: ["NET_BIND_SERVICE", "CHOWN"],
  networks: ["faaso-net", "shared"],
  ownHosts: ["slipway.example.com"],
};

function settings(manifest: Manifest) {
  return settingsOf({ ...manifest, name: manifest.name ?? "hello" }, RULES);
}

function refused(manifest: Manifest, code: ErrorCode, field: string): void {
  assert.throws(
    () => settings(manifest),
    (error) => {
      assert.ok(error instanceof AppError, String(error));
      assert.deepEqual([error.code, Object.keys(error.fields ?? {})], [code, [field]], error.message);
      assert.ok(error.message.startsWith(`${field}: `), error.message);
      return true;
    },
  );
}

test("a manifest that says nothing asks for the defaults, so that nothing has changed for those who had none", () => {
  assert.equal(JSON.stringify(settings({})), JSON.stringify(DEFAULT_SETTINGS));
});

test("every field ends up in the settings", () => {
  const test = { path: "/ping", status: 204, body: "OK" };
  const all = settings({
    runtime: "node",
    options: { ship_packages: ["curl"] },
    port: 3000,
    handler: "./hello.js",
    env: { A: "1" },
    secrets: ["a", "b", "a"],
    services: ["db"],
    schema: { in: {} },
    health: { path: "/ping", intervalMs: 500, startMs: 700 },
    scale: { min: 2, max: 4 },
    resources: { cpu: 0.25, memoryMb: 64 },
    timeoutMs: 900,
    routes: [{ host: "Hello.Example.com." }, { path: "/sum/" }, { path: "/sum" }],
    networks: ["shared", "shared"],
    volumes: ["./data:/data", "/srv/a,b:/b:ro"],
    command: ["node", "x"],
    capabilities: ["cap_net_bind_service", "CHOWN", "NET_BIND_SERVICE"],
    isolation: "gvisor",
    schedule: [{ cron: "* * * * *" }],
    test,
    build: { args: { B: "2" }, secrets: ["t", "t"] },
  });
  assert.deepEqual(all, {
    port: 3000,
    env: { HANDLER: "./hello.js", A: "1" },
    replicas: 2,
    resources: { cpuMillicores: 250, memoryBytes: 64 * 1024 * 1024 },
    command: ["node", "x"],
    health: { path: "/ping", intervalMs: 500, timeoutMs: 2_000, allowsNotFound: false },
    startMs: 700,
    timeoutMs: 900,
    options: { ship_packages: ["curl"] },
    buildInputs: { args: { B: "2" }, secrets: ["t"] },
    secrets: ["a", "b"],
    networks: ["shared"],
    capabilities: ["CHOWN", "NET_BIND_SERVICE"],
    isolation: "gvisor",
    routes: [
      { kind: "host", value: "hello.example.com" },
      { kind: "path", value: "/sum" },
    ],
    test: { kind: "http", ...test },
    declared: { schema: { in: {} }, services: ["db"], schedule: [{ cron: "* * * * *" }], scale: { max: 4 } },
    volumes: [
      { source: "data", target: "/data", readOnly: false },
      { source: "/srv/a,b", target: "/b", readOnly: true },
    ],
  });
});

test("what can't be is refused under its field, with what only an operator or another name can mend", () => {
  for (const [manifest, code, field] of [
    [{ name: "Hello" }, "invalid", "name"],
    [{ name: "apps" }, "invalid", "name"],
    [{ runtime: "./mine" }, "invalid", "runtime"],
    [{ runtime: "a/b" }, "invalid", "runtime"],
    [{ port: 0 }, "invalid", "port"],
    [{ env: { "A B": "" } }, "invalid", "env"],
    [{ build: { args: { "1": "" } } }, "invalid", "build.args"],
    [{ networks: ["shared", "host"] }, "forbidden", "networks[1]"],
    [{ capabilities: ["SYS_ADMIN"] }, "forbidden", "capabilities[0]"],
    [{ capabilities: ["CHOWN", "ALL"] }, "forbidden", "capabilities[1]"],
    [{ volumes: ["./a:/a", "../b:/b"] }, "invalid", "volumes[1]"],
    [{ volumes: ["./a:/a", "./b:/a/"] }, "invalid", "volumes[1]"],
    [{ volumes: ["/etc:/a"] }, "invalid", "volumes[0]"],
    [{ volumes: ["./a:/secrets/x"] }, "invalid", "volumes[0]"],
    [{ volumes: ["nonsense"] }, "invalid", "volumes[0]"],
    [{ health: { path: "ping" } }, "invalid", "health.path"],
    [{ scale: { min: 3, max: 2 } }, "invalid", "scale.max"],
    [{ replicas: 3, scale: { max: 2 } }, "invalid", "scale.max"],
    [{ routes: [{}] }, "invalid", "routes[0]"],
    [{ routes: [{ path: "/a" }, { host: "a.b", path: "/x" }] }, "invalid", "routes[1]"],
    [{ routes: [{ path: "/a" }, { path: "/api/x" }] }, "conflict", "routes[1].path"],
    [{ routes: [{ host: "slipway.example.com" }] }, "conflict", "routes[0].host"],
    [{ test: {} }, "invalid", "test"],
    [{ test: { status: 200 } }, "invalid", "test"],
    [{ test: { path: "/", output: 1 } }, "invalid", "test"],
    [{ test: { input: 1 } }, "invalid", "test"],
    [{ test: { path: "ping" } }, "invalid", "test.path"],
  ] as const) {
    refused(manifest, code, field);
  }
});

test("a test asks over HTTP or with a payload; null is a payload", () => {
  assert.deepEqual(settings({ test: { path: "/" } }).test, { kind: "http", path: "/", status: 200, body: null });
  assert.deepEqual(settings({ test: { output: null } }).test, { kind: "message", input: null, output: null });
  assert.deepEqual(settings({ test: { input: 0, output: [] } }).test, { kind: "message", input: 0, output: [] });
});

test("the upper manifest counts field by field; variables come together; replicas are scale.min", () => {
  const file: Manifest = { name: "a", port: 1, env: { A: "1", B: "1" }, scale: { min: 2, max: 9 }, runtime: "./mine" };
  assert.deepEqual(mergeManifests(file, {}), file);
  assert.deepEqual(mergeManifests({}, file), file);
  assert.deepEqual(mergeManifests(file, { name: undefined, env: { B: "2" }, replicas: 5, runtime: null }), {
    name: "a",
    port: 1,
    env: { A: "1", B: "2" },
    scale: { min: 5, max: 9 },
    runtime: null,
  });
  assert.deepEqual(mergeManifests(file, { scale: { max: 3 } }).scale, { max: 3 });
  assert.equal(settings(mergeManifests({ scale: { min: 2 } }, { replicas: 1 })).replicas, 1);
});

test("merging nothing over or under changes nothing", () => {
  const manifests = fc.record(
    {
      name: fc.string(),
      port: fc.nat(),
      env: fc.dictionary(fc.string(), fc.string(), { minKeys: 1, noNullPrototype: true }),
      scale: fc.record({ min: fc.nat(), max: fc.nat() }, { noNullPrototype: true }),
      command: fc.array(fc.string()),
    },
    { requiredKeys: [], noNullPrototype: true },
  );
  fc.assert(
    fc.property(manifests, manifests, (a, b) => {
      assert.deepEqual(mergeManifests(a, {}), a);
      assert.deepEqual(mergeManifests({}, b), b);
      assert.deepEqual(mergeManifests(mergeManifests(a, b), b), mergeManifests(a, b));
    }),
  );
});

test("a folder is no name", () => {
  for (const folder of ["./x", "../x", "/x", "x/y", ".", ".."]) assert.ok(isRuntimeFolder(folder), folder);
  for (const name of ["node", "my-runtime", "py3.12"]) assert.ok(!isRuntimeFolder(name), name);
});

test("what has no effect in this version is named once each; what asks for nothing is not", () => {
  const idle = { min: 1, max: 1, concurrency: 0, freezeAfterMs: 0, stopAfterMs: 0 };
  assert.deepEqual(effectlessFields({ schema: {}, services: [], schedule: [], scale: idle }), []);
  assert.deepEqual(effectlessFields({ replicas: 3, scale: { max: 3 } }), []);
  const all = { min: 1, max: 2, concurrency: 1, freezeAfterMs: 1, stopAfterMs: 1 };
  const asked = { schema: { out: true }, services: ["db"], schedule: [{ cron: "* * * * *" }], scale: all };
  assert.deepEqual(
    effectlessFields(asked).map((warning) => warning.split(" ")[0]),
    ["schema", "services", "schedule", "scale.max", "scale.concurrency", "scale.freezeAfterMs", "scale.stopAfterMs"],
  );
});
