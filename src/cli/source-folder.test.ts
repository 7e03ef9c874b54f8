import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { isAppError } from "../domain/errors.ts";
import { packFolder } from "./pack-folder.ts";
import { listFolder } from "./source-folder.ts";

async function folderOf(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "slipway-folder-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

async function pathsOf(root: string): Promise<readonly string[]> {
  return (await listFolder(root)).entries.filter((entry) => entry.kind !== "directory").map((entry) => entry.path);
}

async function bytesOf(root: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of packFolder(root, (await listFolder(root)).entries, () => undefined)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function unpacked(archive: Buffer): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const entry of Readable.from([archive]).pipe(createGunzip()).pipe(extract())) {
    let content = "";
    for await (const chunk of entry) content += chunk;
    const { name, mode = 0, type, linkname } = entry.header;
    lines.push(`${type} ${name} ${mode.toString(8)} ${linkname ?? JSON.stringify(content)}`);
  }
  return lines;
}

test("modes, dotfiles, empty files, empty folders and links inside arrive as they are, sorted", async (t) => {
  const root = await folderOf(t, { "run.sh": "#!/bin/sh\n", ".env": "A=1\n", "lib/empty": "" });
  await chmod(join(root, "run.sh"), 0o755);
  await chmod(join(root, ".env"), 0o600);
  await chmod(join(root, "lib/empty"), 0o644);
  await mkdir(join(root, "void"), { mode: 0o755 });
  await symlink("../run.sh", join(root, "lib/link"));
  assert.deepEqual(await unpacked(await bytesOf(root)), [
    'file .env 600 "A=1\\n"',
    'directory lib/ 755 ""',
    'file lib/empty 644 ""',
    "symlink lib/link 777 ../run.sh",
    'file run.sh 755 "#!/bin/sh\\n"',
    'directory void/ 755 ""',
  ]);
});

test("the same files give the same bytes, whatever their times", async (t) => {
  const files = { "b.js": "b", "a/c.js": "c", "package.json": "{}" };
  const first = await bytesOf(await folderOf(t, files));
  const second = await bytesOf(await folderOf(t, Object.fromEntries(Object.entries(files).reverse())));
  assert.deepEqual(first, second);
});

test(".git, caches and installed packages are left out; packages without a package.json, and asked-for ones, stay", async (t) => {
  const root = await folderOf(t, {
    ".git/config": "",
    "sub/.git": "gitdir: …",
    "package.json": "{}",
    "node_modules/a/index.js": "",
    "lib/__pycache__/x.pyc": "",
    "lib/node_modules/b.js": "",
    "main.js": "",
  });
  assert.deepEqual(await pathsOf(root), ["lib/node_modules/b.js", "main.js", "package.json"]);
  await writeFile(join(root, ".slipwayignore"), "!node_modules\n");
  assert.ok((await pathsOf(root)).includes("node_modules/a/index.js"));
  await writeFile(join(root, ".slipwayignore"), "!.git\n");
  assert.ok(!(await pathsOf(root)).includes(".git/config"));
});

test(".slipwayignore counts, without it .dockerignore, and neither takes away what the server reads", async (t) => {
  const root = await folderOf(t, {
    ".dockerignore": "*\n!keep.js\n",
    Dockerfile: "FROM x",
    "keep.js": "",
    "a/b.js": "",
  });
  assert.deepEqual(await pathsOf(root), [".dockerignore", "Dockerfile", "keep.js"]);
  await writeFile(join(root, ".slipwayignore"), "a\n");
  assert.deepEqual(await pathsOf(root), [".dockerignore", ".slipwayignore", "Dockerfile", "keep.js"]);
});

test("links that loop, lead out or are absolute are refused by name; ones that lead nowhere inside stay", async (t) => {
  for (const [target, words] of [
    ["loop", /loop leads back to itself/],
    ["../..", /leads to \.\.\/\.\., which is outside/],
    ["../missing", /outside/],
    ["/etc/passwd", /outside/],
  ] as const) {
    const root = await folderOf(t, { "a.js": "" });
    await symlink(target, join(root, "loop"));
    await assert.rejects(listFolder(root), (error) => isAppError(error, "invalid") && words.test(error.message));
  }
  const root = await folderOf(t, { "a.js": "" });
  await symlink("not-there-yet", join(root, "link"));
  assert.deepEqual(await pathsOf(root), ["a.js", "link"]);
});

test("a file that is gone when it is packed is an error that names it, and the archive ends with it", async (t) => {
  const root = await folderOf(t, { "a.js": "a", "b.js": "b" });
  const { entries } = await listFolder(root);
  await rm(join(root, "b.js"));
  await assert.rejects(async () => {
    for await (const chunk of packFolder(root, entries, () => undefined)) assert.ok(chunk.length > 0);
  }, /b\.js can't be read/);
});
