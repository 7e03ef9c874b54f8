import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "../domain/errors.ts";
import type { ManifestFile } from "../domain/manifest.ts";
import { ZodManifestReader } from "./zod-manifest-reader.ts";

const reader = new ZodManifestReader();

/** The lines of what is said about a text. */
async function complaints(text: string, file: ManifestFile = "slipway.yml"): Promise<readonly string[]> {
  const error = await reader.read(text, file).then(
    () => assert.fail(`it was taken: ${text}`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof AppError && error.code === "invalid", String(error));
  return error.message.split("\n");
}

test("every field of the design is read as it is written", async () => {
  const text = `
name: hello
runtime: express
options: {ship_packages: [], devel_packages: [], healthcheck_options: "", healthcheck_command: "", copy_from_build: []}
port: 3000
handler: ./hello.js
env: {GREETING: hi}
secrets: [api-key]
services: [db]
schema: {in: {type: object}, out: true}
health: {path: /ping, intervalMs: 10000, timeoutMs: 2000, startMs: 60000}
scale: {min: 1, max: 1, concurrency: 0, freezeAfterMs: 0, stopAfterMs: 0}
resources: {cpu: 0.5, memoryMb: 256}
timeoutMs: 30000
routes: [{host: hello.example.com}, {path: /sum}]
networks: [faaso-net]
volumes: [./data:/data]
command: []
capabilities: []
isolation: runc
schedule: [{cron: "*/5 * * * *", input: {}}]
test: {path: /ping, status: 200, body: OK}
build: {args: {LEVEL: 1}, secrets: [npm-token]}
`;
  const { manifest, warnings } = await reader.read(text, "slipway.yml");
  assert.deepEqual(warnings, []);
  assert.deepEqual(manifest, {
    name: "hello",
    runtime: "express",
    options: {
      ship_packages: [],
      devel_packages: [],
      healthcheck_options: "",
      healthcheck_command: "",
      copy_from_build: [],
    },
    port: 3000,
    handler: "./hello.js",
    env: { GREETING: "hi" },
    secrets: ["api-key"],
    services: ["db"],
    schema: { in: { type: "object" }, out: true },
    health: { path: "/ping", intervalMs: 10_000, timeoutMs: 2_000, startMs: 60_000 },
    scale: { min: 1, max: 1, concurrency: 0, freezeAfterMs: 0, stopAfterMs: 0 },
    resources: { cpu: 0.5, memoryMb: 256 },
    timeoutMs: 30_000,
    routes: [{ host: "hello.example.com" }, { path: "/sum" }],
    networks: ["faaso-net"],
    volumes: ["./data:/data"],
    command: [],
    capabilities: [],
    isolation: "runc",
    schedule: [{ cron: "*/5 * * * *", input: {} }],
    test: { path: "/ping", status: 200, body: "OK" },
    build: { args: { LEVEL: "1" }, secrets: ["npm-token"] },
  });
});

test("an unknown key names line, column and the nearest known key, at any depth", async () => {
  for (const [text, ...expected] of [
    ["name: x\n\n\nprot: 80", "slipway.yml:4:1: unknown key `prot`; did you mean `port`?"],
    ["health:\n  path: /\n  pth: /x", "slipway.yml:3:3: unknown key `pth` in `health`; did you mean `path`?"],
    ["build: {arg: {}}", "slipway.yml:1:9: unknown key `arg` in `build`; did you mean `args`?"],
    [
      "schedule:\n- cron: '* * * * *'\n  inptu: 1",
      "slipway.yml:3:3: unknown key `inptu` in `schedule[0]`; did you mean `input`?",
    ],
    ["replicas: 3", "slipway.yml:1:1: unknown key `replicas`; did you mean `scale.min`?"],
    ["environment: {}", "slipway.yml:1:1: unknown key `environment`; did you mean `env`?"],
    [
      "resources: {gpu_count: 1}",
      "slipway.yml:1:13: unknown key `gpu_count` in `resources`; known here: cpu, memoryMb",
    ],
    ["zzz: 1", "slipway.yml:1:1: unknown key `zzz`; `slipway schema` prints all that are known"],
    ["constructor: 1", "slipway.yml:1:1: unknown key `constructor`; `slipway schema` prints all that are known"],
  ] as const) {
    assert.deepEqual(await complaints(text), expected, text);
  }
});

test("all problems come at once, by line, and each under its field", async () => {
  const text = "name: Hello_World\nport: '3000'\nroutes:\n- {host: a.b, path: /x}\nenv:\n  a-b: 1\n  C: [1]\n  D:\n";
  const lines = await complaints(text);
  assert.deepEqual(lines, [
    'slipway.yml:1:7: name: "Hello_World" is not a DNS label (a-z, 0-9 and -, 1 to 63 characters, no - at either end). Use hello-world, for example',
    'slipway.yml:2:7: port: must be a number, not "3000"; write it without quotes',
    "slipway.yml:4:3: routes[0]: takes either a host or a path: write {host: hello.example.com} or {path: /sum}",
    "slipway.yml:6:3: env.a-b: is no name of a variable: use letters, digits and _, not starting with a digit",
    "slipway.yml:7:6: env.C: must be a text or a number, not a list",
    'slipway.yml:8:5: env.D: is empty: it must be a text or a number, "" for an empty one',
  ]);
  await assert.rejects(reader.read(text, "slipway.yml"), (error) => {
    assert.ok(error instanceof AppError);
    assert.deepEqual(Object.keys(error.fields ?? {}), ["name", "port", "routes[0]", "env.a-b", "env.C", "env.D"]);
    return true;
  });
});

test("ranges and shapes of single fields", async () => {
  for (const [field, bad, good] of [
    ["port", ["0", "65536", "1.5", "x", "null", "[1]"], ["1", "65535"]],
    ["timeoutMs", ["0", "900001"], ["1", "900000"]],
    ["name", ["api", "42", "-a", "a_b", "''"], ["a", "a-1"]],
    ["runtime", ["''", "'a b'", "[node]"], ["node", "null", "./my runtime", "..", "a/b"]],
    [
      "health",
      ["{path: ping}", "{intervalMs: 100}", "{path: /, intervalMs: 99}", "{path: /, timeoutMs: 49}"],
      ["{path: /}"],
    ],
    ["health", ["{path: /, startMs: 99}", "{path: /, startMs: 1e12}", "/ping"], ["{path: /a?b=c, startMs: 100}"]],
    ["scale", ["{min: 0}", "{min: 51}", "{min: 3, max: 2}", "{max: 0}", "2"], ["{min: 50, max: 50}", "{max: 1}", "{}"]],
    ["resources", ["{cpu: 0}", "{cpu: 0.009}", "{memoryMb: 5}", "{memoryMb: 6.5}"], ["{cpu: 0.01, memoryMb: 6}"]],
    ["secrets", ["[../x]", "['']", "[.]", "[..]", "[a/b]", "[a b]", "api-key"], ["[api-key, A_b.c, .env]"]],
    [
      "routes",
      ["[{}]", "[/sum]", "[{path: sum}]", "[{path: /a/../b}]", "[{host: x}]"],
      ["[{path: /a/b/}, {host: A.b.c.}]"],
    ],
    ["volumes", ["[data]", "[a:b]", "['a:/b:rx']", "['a:/b,c:/d']"], ["[./a:/b, 'c:/d:ro']"]],
    ["networks", ["[-a]", "[a b]", "faaso-net"], ["[faaso-net]"]],
    ["capabilities", ["[NET BIND]", "['1']"], ["[NET_BIND_SERVICE, cap_chown]"]],
    ["isolation", ["vm", "true"], ["runc", "gvisor"]],
    [
      "schedule",
      ["[{cron: always}]", "[{}]", "['* * * * *']"],
      ["[{cron: '0 */5 * * * *'}, {cron: '@daily', input: [1]}]"],
    ],
    [
      "test",
      ["{}", "{status: 200}", "{path: /, input: 1}", "{input: 1}", "{path: /, status: 99}"],
      ["{path: /}", "{output: null}"],
    ],
    ["env", ["{1A: x}", "{A: {b: c}}", "[A=b]", "x"], ["{A: 1, B: true, _c: ''}"]],
    ["options", ["{a: {b: c}}", "{a: [[b]]}"], ["{a: b, c: [d, 1], e: 1.0}"]],
    ["command", ["node x", "[[a]]"], ["[node, 1]"]],
    ["handler", ["''", '"a\\nb"'], ["./hello.js"]],
    ["build", ["{args: [a]}", "{secrets: [a/b]}"], ["{args: {A: 1}, secrets: [a]}"]],
  ] as const) {
    for (const value of bad) {
      const lines = await complaints(`${field}: ${value}`);
      assert.match(
        lines[0] ?? "",
        new RegExp(`^slipway\\.yml:1:\\d+: (unknown key|${field}\\b)`),
        `${field}: ${value}`,
      );
    }
    for (const value of good) await reader.read(`${field}: ${value}`, "slipway.yml");
  }
});

test("a number where a text is wanted is the text that was written", async () => {
  const text =
    "env: {A: 1.10, B: 0755, C: True, D: 1e3, E: .nan, F: yes}\noptions: {v: [3.10, 3]}\ntest: {path: /, body: 1.0}\nport: 0x50";
  const { manifest } = await reader.read(text, "slipway.yml");
  assert.deepEqual(manifest.env, { A: "1.10", B: "0755", C: "True", D: "1e3", E: ".nan", F: "yes" });
  assert.deepEqual(manifest.options, { v: ["3.10", "3"] });
  assert.equal(manifest.test?.body, "1.0");
  assert.equal(manifest.port, 80);
});

test("what is no mapping of fields is refused in words", async () => {
  const bomb = `a: &a [${"x,".repeat(20)}]\n${"bcdefgh"
    .split("")
    .map((name, i) => `${name}: &${name} [${`*${"abcdefgh"[i]},`.repeat(20)}]`)
    .join("\n")}`;
  for (const [text, expected] of [
    ["- a", "slipway.yml:1:1: holds no fields: write `name: hello`, for example"],
    ["hello", "slipway.yml:1:1: holds no fields: write `name: hello`, for example"],
    ["name: a\nname: b", "slipway.yml:2:1: `name` stands here twice, first in line 1"],
    ["env: {A: 1, A: 2}", "slipway.yml:1:13: `A` stands here twice, first in line 1"],
    ["env:\n\tA: 1", "slipway.yml:2:1: tabs can't indent YAML: use spaces"],
    ["name: a\n---\nname: b", "slipway.yml:2:1: holds several documents: write one, without `---`"],
    ["name: !env NAME", "slipway.yml:1:7: tags (`!…`) are not understood: write a plain value"],
    ["name: *nobody", "slipway.yml:1:7: there is no &nobody before *nobody"],
    ["? [a]\n: b", "slipway.yml:1:3: a key must be a plain text"],
    ["env: {__proto__: x}", "slipway.yml:1:7: can't be a key"],
    ["env: &a\n  X: *a", "slipway.yml:2:6: is nested too deeply, or its aliases unfold to too much"],
    [`name: ${"x".repeat(300_000)}`, "slipway.yml:1:1: is larger than a manifest may be (256 KiB)"],
    [`env: ${"{a: ".repeat(3000)}`, /^slipway\.yml:1:\d+: /],
    [bomb, /^slipway\.yml:\d:\d+: is nested too deeply, or its aliases unfold to too much$/],
    ['name: "x', /^slipway\.yml:1:9: missing closing "quote$/],
  ] as const) {
    const [first = ""] = await complaints(text);
    if (typeof expected === "string") assert.equal(first, expected);
    else assert.match(first, expected);
  }
});

test("anchors and an empty file are fine", async () => {
  const { manifest } = await reader.read("env: &e {A: 1.0}\nbuild: {args: *e}", "slipway.yml");
  assert.deepEqual(manifest, { env: { A: "1.0" }, build: { args: { A: "1.0" } } });
  for (const text of ["", "# nothing yet\n", "---\n", "\uFEFF{}"])
    assert.deepEqual((await reader.read(text, "slipway.yml")).manifest, {});
});

test("a funko.yml: name in lower case, its network by default, what is unknown is a warning", async () => {
  const text =
    "name: Hello\nruntime: flask\noptions:\n  ship_packages: [curl]\nauthor: me\nhealth: {path: /, pth: 1}\nenv:\n";
  assert.deepEqual(await reader.read(text, "funko.yml"), {
    manifest: {
      name: "hello",
      runtime: "flask",
      options: { ship_packages: ["curl"] },
      health: { path: "/" },
      networks: ["faaso-net"],
    },
    warnings: [
      "funko.yml:5:1: unknown key `author`; `slipway schema` prints all that are known (it is left out)",
      "funko.yml:6:19: unknown key `pth` in `health`; did you mean `path`? (it is left out)",
    ],
    defaulted: ["networks"],
  });
  const { manifest, defaulted } = await reader.read("networks: []", "funko.yml");
  assert.deepEqual([manifest.networks, defaulted], [[], []]);
  assert.deepEqual(await complaints("nme: x\nport: 0", "funko.yml"), [
    "funko.yml:2:7: port: must be at least 1, not 0",
  ]);
});

test("the part of a form is JSON or YAML and may say replicas", async () => {
  for (const text of ['{"name":"x","replicas":3,"env":{"A":1}}', "name: x\nreplicas: 3\nenv: {A: 1}"])
    assert.deepEqual((await reader.readPart(text)).manifest, { name: "x", replicas: 3, env: { A: "1" } });
  await assert.rejects(reader.readPart('{"name":"x","prot":1}'), {
    message: "manifest: unknown key `prot`; did you mean `port`?",
  });
  await assert.rejects(reader.readPart("{no"), { code: "invalid", message: /^manifest:1:4: / });
  await assert.rejects(reader.readPart("[]"), { message: "manifest: must be a mapping of fields, not a list" });
  await assert.rejects(reader.check({ replicas: 51 }), { message: "manifest: replicas: must be at most 50, not 51" });
});

test("hundreds of problems are named as far as anybody reads", async () => {
  const lines = await complaints(`env:\n${Array.from({ length: 200 }, (_, i) => `  ${i}x: a`).join("\n")}`);
  assert.equal(lines.length, 31);
  assert.equal(lines.at(-1), "and 170 more");
});
