import assert from "node:assert/strict";
import { mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { makeFolder } from "./make-folder.ts";

async function emptyFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-folder-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("parents are made too, with the mode; again, and by several at once, changes nothing", async (t) => {
  const folder = await emptyFolder(t);
  const path = join(folder, "a", "b", "c");
  await Promise.all([makeFolder(path, 0o700), makeFolder(path, 0o700), makeFolder(path, 0o700)]);
  await makeFolder(path, 0o755);
  for (const made of [path, join(folder, "a")]) assert.equal((await stat(made)).mode & 0o777, 0o700);
  await makeFolder("/");
});

test("what can't be made is an error at once, also where the kernel says that a parent is missing which is there", async (t) => {
  const folder = await emptyFolder(t);
  await writeFile(join(folder, "file"), "");
  await symlink("/nowhere/at/all", join(folder, "link"));
  await assert.rejects(makeFolder("/proc/slipway/below"), { code: "ENOENT" });
  await assert.rejects(makeFolder(join(folder, "file")), { code: "EEXIST" });
  await assert.rejects(makeFolder(join(folder, "file", "below")), { code: "ENOTDIR" });
  await assert.rejects(makeFolder(join(folder, "link")), { code: "EEXIST" });
});
