import assert from "node:assert/strict";
import { test } from "node:test";
import { isAppError } from "../domain/errors.ts";
import type { ProjectSpec } from "../domain/project-spec.ts";
import { YamlProjectDocuments } from "./project-document-reader.ts";

const documents = new YamlProjectDocuments();

const SHOP = `
name: Shop
slug: shop-1a2b3c
env: {LEVEL: info, VERSION: 1.10}
groups:
  back:
    env: {TIER: back}
  front:
services:
  db:
    preset: postgres
    group: back
  web:
    image: nginx:1.27
    ports: [80, "8080:80", 53/udp]
    volumes: [./data:/data, "conf:/etc/nginx:ro"]
    resources: {cpu: 0.5, memoryMb: null}
    health: {path: /up, startMs: 5000}
    private: false
    routes: [shop.example.com, /shop]
    env: {DATABASE_URL: "\${{ db.URL }}"}
  hello:
    source: ./hello
    manifest: {port: 3000}
`;

async function problemsOf(text: string): Promise<readonly string[]> {
  try {
    await documents.read(text, "shop.yml");
  } catch (error) {
    if (isAppError(error, "invalid")) return error.message.split("\n");
    throw error;
  }
  return [];
}

test("a document is read with what is as by default filled in, and texts as they were written", async () => {
  const document = await documents.read(SHOP, "shop.yml");
  assert.equal(document.env?.VERSION, "1.10");
  const { hello, ...others } = document.services ?? {};
  assert.deepEqual(hello, { source: "./hello", manifest: { port: 3000 } });
  const spec = await documents.check({ ...document, services: others });
  assert.deepEqual(spec.groups, [
    { name: "back", env: { TIER: "back" } },
    { name: "front", env: {} },
  ]);
  const [db, web] = spec.services;
  assert.deepEqual([db?.kind, db?.preset, db?.isPrivate, db?.settings], ["image", "postgres", true, {}]);
  assert.deepEqual(web?.settings, {
    image: "nginx:1.27",
    ports: [
      { containerPort: 80, protocol: "tcp" },
      { containerPort: 80, hostPort: 8080, protocol: "tcp" },
      { containerPort: 53, protocol: "udp" },
    ],
    resources: { cpuMillicores: 500, memoryBytes: null },
    health: { path: "/up", intervalMs: 10_000, timeoutMs: 2000, allowsNotFound: false },
    startMs: 5000,
    volumes: [
      { source: "data", target: "/data", readOnly: false },
      { source: "conf", target: "/etc/nginx", readOnly: true },
    ],
  });
  assert.deepEqual(web?.routes, ["/shop", "shop.example.com"]);
});

test("each mistake is told with file, line, key and the nearest known key", async () => {
  const cases: readonly (readonly [text: string, line: string])[] = [
    ["name: A\nslugg: b", "shop.yml:2:1: unknown key `slugg`; did you mean `slug`?"],
    ["slug: shop", "shop.yml:1:1: name: is required"],
    [
      "name: A\nservices:\n  web:\n    image: x\n    icon_url: y",
      "shop.yml:5:5: unknown key `icon_url` in `services.web`; did you mean `iconUrl`?",
    ],
    [
      "name: A\nservices:\n  web:\n    image: x\n    prots: [80]",
      "shop.yml:5:5: unknown key `prots` in `services.web`; did you mean `ports`?",
    ],
    [
      "name: A\nservices:\n  fn:\n    source: .\n    manifest: {prot: 80}",
      "shop.yml:5:16: unknown key `prot`; did you mean `port`?",
    ],
    [
      "name: A\nservices:\n  web:\n    image: x\n    health: {pth: /}",
      "shop.yml:5:14: unknown key `pth` in `services.web.health`; did you mean `path`?",
    ],
    ["name: A\ngroups:\n  back: {enw: {}}", "shop.yml:3:10: unknown key `enw` in `groups.back`; did you mean `env`?"],
    [
      "name: A\nservices:\n  web: {}",
      "shop.yml:3:8: services.web: has neither an image nor a preset: write `image: nginx:1.27` or `preset: postgres`",
    ],
    [
      "name: A\nservices:\n  web: {image: x, ports: [http]}",
      "shop.yml:3:27: services.web.ports[0]: is no port: write it as 80, 8080:80 or 53/udp",
    ],
    [
      "name: A\nservices:\n  fn: {kind: function, manifest: {port: 1}}",
      "shop.yml:3:34: services.fn.manifest: needs a source: how a function is built can't change without it",
    ],
    ["name: A\nservices: [web]", "shop.yml:2:11: services: must be a mapping of names to values, not a list"],
    [
      "name: A\nservices:\n  web: nginx",
      'shop.yml:3:8: services.web: must be a mapping of names to values, not "nginx"',
    ],
  ];
  for (const [text, line] of cases) assert.deepEqual(await problemsOf(text), [line], text);
});

test("all that is wrong is told at once, by line", async () => {
  const problems = await problemsOf("services:\n  web: {image: x, a1: 1}\n  WEB!: {image: x}\nbogus: 1");
  assert.deepEqual(
    problems.map((line) => line.split(":").slice(0, 2).join(":")),
    ["shop.yml:1", "shop.yml:2", "shop.yml:3", "shop.yml:4"],
  );
});

const SPEC: ProjectSpec = {
  name: "Shop",
  slug: "shop-1a2b3c",
  env: { A: "1.10", B: "yes", C: `\${{ db.URL }}\nsecond line`, D: "" },
  groups: [{ name: "back", env: { T: "null" } }],
  services: [
    {
      ...{ name: "db", kind: "image", preset: "postgres", iconUrl: null, isPrivate: true, group: "back" },
      env: { POSTGRES_PASSWORD: "0x10" },
      settings: {
        image: "postgres:16",
        ports: [{ containerPort: 5432, protocol: "tcp" }],
        command: [],
        volumes: [{ source: "data", target: "/var/lib/postgresql/data", readOnly: false }],
        restart: "on-failure",
        startMs: 90_000,
      },
      ...{ manifest: null, sourceId: null, routes: [] },
    },
    {
      ...{ name: "fn", kind: "function", preset: null, iconUrl: "https://a.b/c.png", isPrivate: false, group: null },
      ...{ env: {}, settings: null, manifest: { runtime: null, env: { K: "v" } }, sourceId: "a".repeat(64) },
      routes: ["/fn", "fn.example.com"],
    },
    {
      ...{ name: "later", kind: "image", preset: null, iconUrl: null, isPrivate: false, group: null },
      ...{ env: {}, settings: null, manifest: null, sourceId: null, routes: [] },
    },
  ],
};

test("what is written is read as the same again", async () => {
  const document = await documents.documentOf(SPEC);
  assert.deepEqual(await documents.check(JSON.parse(JSON.stringify(document))), SPEC);
  const { fn: _, ...services } = document.services ?? {};
  const text = await documents.write({ ...document, services }, ["Written by a test."]);
  assert.match(text, /^# Written by a test\.\nname: Shop\n/);
  assert.deepEqual(await documents.read(text, "shop.yml"), { ...document, services });
});

test("over HTTP a source's path is unknown, and in a file its hash is", async () => {
  await assert.rejects(
    documents.check({ name: "A", services: { fn: { source: "./x" } } }),
    (error) => isAppError(error, "invalid") && error.fields?.["services.fn.source"] !== undefined,
  );
  assert.match(String(await problemsOf("name: A\nservices:\n  fn: {sourceId: abc}")), /unknown key `sourceId`/);
});
