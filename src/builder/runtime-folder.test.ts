import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { ContextFile } from "../domain/runtime.ts";
import { parseDockerfile } from "./dockerfile.ts";
import { hasTemplate, openRuntimeFolder, readRawFiles, readRuntimeFiles, readTemplate } from "./runtime-folder.ts";

const BUILT_IN = join(import.meta.dirname, "../runtimes");
const CONTEXT = { name: "hello", options: {} };

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-runtime-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

function texts(files: readonly ContextFile[]): Readonly<Record<string, string>> {
  return Object.fromEntries(files.map(({ path, content }) => [path, Buffer.from(content).toString()]));
}

test("a folder as FaaSO has it keeps FaaSO's contract: http on port 3000, well at /ping", async () => {
  await write({ "README.md": "# Mine, for tests\n\nmore", Dockerfile: "FROM scratch\n" });
  const { runtime } = await openRuntimeFolder(folder, { name: "mine" });
  const { name, description, protocol, defaultPort, healthPath, shape } = runtime;
  assert.deepEqual(
    [name, description, protocol, defaultPort, healthPath, shape],
    ["mine", "Mine, for tests", "http", 3000, "/ping", "folder"],
  );
});

test("everything of runtime.yml ends up in the runtime; a function's options lie over the runtime's", async () => {
  await write({
    "Dockerfile.j2": "FROM {{ options.a }}:{{ options.b }}\n",
    "runtime.yml": `protocol: message
port: 99
health: /well
options: {a: x, b: y}
memoryMb: 64
code: a.js
reload: {folder: /app, rebuildOn: [package.json]}`,
  });
  const opened = await openRuntimeFolder(folder);
  const { protocol, defaultPort, healthPath, options, memoryBytes, codeFile, reload } = opened.runtime;
  assert.deepEqual(
    { protocol, defaultPort, healthPath, options, memoryBytes, codeFile, reload },
    {
      protocol: "message",
      defaultPort: 99,
      healthPath: "/well",
      options: { a: "x", b: "y" },
      memoryBytes: 64 * 1024 * 1024,
      codeFile: "a.js",
      reload: { folder: "/app", rebuildOn: ["package.json"] },
    },
  );
  const { dockerfile } = await readRuntimeFiles(opened, { name: "hello", options: { b: "z" } });
  assert.equal(dockerfile, "FROM x:z\n");
});

test("runtime.yml's mistakes are named with file, key and the nearest key", async () => {
  for (const [text, message] of [
    ["prot: http", /^runtime\.yml: prot: is no key; did you mean port\?/],
    ["reload: {folder: /a, rebuildon: []}", /runtime\.yml: reload\.rebuildon: is no key; did you mean rebuildOn\?/],
    ["xyzzy: 1", /is no key; known are protocol, port/],
    ["port: 0", /^runtime\.yml: port: /],
    ["protocol: smtp", /^runtime\.yml: protocol: /],
    ["health: ping", /^runtime\.yml: health: must start with \//],
    ["code: ../up.js", /^runtime\.yml: code: must be a path/],
    ["options: {a: 1}", /^runtime\.yml: options\.a: /],
    ["- a", /^runtime\.yml: it: /],
    ["a: [", /^runtime\.yml: /],
  ] as const) {
    await write({ Dockerfile: "FROM a\n", "runtime.yml": text });
    await assert.rejects(() => openRuntimeFolder(folder), { code: "invalid", message }, text);
  }
});

test("what is no runtime says so", async () => {
  await assert.rejects(() => openRuntimeFolder(join(folder, "none")), { code: "not_found" });
  await assert.rejects(() => openRuntimeFolder(folder), { code: "invalid", message: /neither Dockerfile nor/ });
  await write({ "Dockerfile.j2": "{{ name }}\n" });
  const opened = await openRuntimeFolder(folder);
  await assert.rejects(() => readRuntimeFiles(opened, CONTEXT), { code: "invalid", message: /no FROM/ });
});

test("context files are rendered, keep their mode and leave out what describes the runtime", async () => {
  await write({
    "README.md": "x",
    "Dockerfile.j2": "FROM a\n",
    "run.sh.j2": "echo {{ name }} {{ runtime }}\n",
    "sub/plain.txt": "{{ name }}",
    "template/a.txt": "a",
  });
  await chmod(join(folder, "run.sh.j2"), 0o700);
  const { files } = await readRuntimeFiles(await openRuntimeFolder(folder, { name: "mine" }), CONTEXT);
  assert.deepEqual(texts(files), { "run.sh": "echo hello mine\n", "sub/plain.txt": "{{ name }}" });
  assert.deepEqual(
    files.map(({ mode }) => mode),
    [0o755, 0o644],
  );
});

test("a template is rendered with the ending taken off; the one with the ending wins over its plain twin", async () => {
  await write({
    Dockerfile: "FROM plain\n",
    "Dockerfile.j2": "FROM rendered\n",
    "template/funko.yml.j2": "name: {{ name }}\nruntime: {{ runtime }}\n",
    "template/funko.yml": "old",
    "template/sub/a.js": "{{ name }}",
  });
  const opened = await openRuntimeFolder(folder, { name: "mine" });
  assert.ok(hasTemplate(opened));
  assert.deepEqual(texts(await readTemplate(opened, CONTEXT)), {
    "funko.yml": "name: hello\nruntime: mine\n",
    "sub/a.js": "{{ name }}",
  });
  const { dockerfile, files } = await readRuntimeFiles(opened, CONTEXT);
  assert.deepEqual([dockerfile, files], ["FROM rendered\n", []]);
  assert.ok((await readRawFiles(opened)).some(({ path }) => path === "template/funko.yml.j2"));
});

test("base stands in for the Dockerfile's ARG BASE_IMAGE, and is an error without one", async () => {
  await write({ Dockerfile: "ARG BASE_IMAGE=a\nFROM $BASE_IMAGE\n", "runtime.yml": "base: my/node:1" });
  const { dockerfile } = await readRuntimeFiles(await openRuntimeFolder(folder), CONTEXT);
  assert.equal(dockerfile, "ARG BASE_IMAGE=my/node:1\nFROM $BASE_IMAGE\n");
  await write({ Dockerfile: "FROM a\n" });
  const opened = await openRuntimeFolder(folder);
  await assert.rejects(() => readRuntimeFiles(opened, CONTEXT), { code: "invalid", message: /runtime\.yml: base/ });
});

describe("the built-in runtimes", () => {
  const FULL = {
    ship_packages: ["libpq5", "git"],
    devel_packages: ["gcc"],
    shard_build_options: "--release",
    copy_from_build: ["public public", "node_modules node_modules"],
    healthcheck_options: "--interval=1m",
    healthcheck_command: "curl --fail http://localhost:3000/ping || exit 1",
  };

  for (const name of ["express", "flask", "crystal", "kemal"]) {
    test(`${name} honours every option of FaaSO`, async () => {
      const opened = await openRuntimeFolder(join(BUILT_IN, name), { name });
      const { dockerfile } = await readRuntimeFiles(opened, { name: "hello", options: FULL });
      const steps = parseDockerfile(dockerfile);
      const lastFrom = steps.findLastIndex(({ keyword }) => keyword === "FROM");
      const all = steps.map(({ keyword, value }) => `${keyword} ${value}`);
      const installs = all.filter((step) => step.includes("apt-get install") && step.includes("apk add"));
      assert.ok(installs.some((step) => step.includes("libpq5 git curl")));
      assert.ok(installs.some((step) => step.includes("gcc")));
      const shipped = all.slice(lastFrom);
      assert.ok(!shipped.some((step) => / gcc[ ;]/.test(step)));
      for (const pair of FULL.copy_from_build)
        assert.ok(shipped.some((step) => step.endsWith(`--from=build /home/app/${pair}`)));
      assert.ok(shipped.includes(`HEALTHCHECK --interval=1m CMD ${FULL.healthcheck_command}`));
      if ("shard_build_options" in opened.runtime.options)
        assert.ok(all.some((step) => step.endsWith("build.sh --release")));
    });

    test(`${name} without options installs nothing more and has no health check of its own`, async () => {
      const opened = await openRuntimeFolder(join(BUILT_IN, name), { name });
      const { dockerfile } = await readRuntimeFiles(opened, CONTEXT);
      assert.doesNotMatch(dockerfile, /HEALTHCHECK|curl|undefined|\{\{|\{%/);
      assert.deepEqual([opened.runtime.defaultPort, opened.runtime.healthPath], [3000, "/ping"]);
    });
  }

  test("kemal is crystal over another base", async () => {
    for (const path of ["Dockerfile.j2", ".slipway/crystal/build.sh"]) {
      const [crystal, kemal] = await Promise.all(
        ["crystal", "kemal"].map((name) => readFile(join(BUILT_IN, name, path), "utf8")),
      );
      assert.equal(kemal, crystal, path);
    }
    const { dockerfile } = await readRuntimeFiles(await openRuntimeFolder(join(BUILT_IN, "kemal")), CONTEXT);
    assert.match(dockerfile, /^ARG BASE_IMAGE=alpine:3\n/);
  });
});
