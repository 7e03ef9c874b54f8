import assert from "node:assert/strict";
import { access, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isAppError } from "../../src/domain/errors.ts";
import type { SecretBox } from "../../src/domain/secret.ts";
import { MemoryEventBus } from "../../src/events/memory-event-bus.ts";
import { MemoryDatabase } from "../../src/memory/memory-database.ts";
import { SecretFiles } from "../../src/reconciler/secret-files.ts";
import { SecretVault } from "../../src/reconciler/secret-vault.ts";
import { sampleDeployment, sampleInstance, sampleService } from "../contract/database/sample-records.ts";
import { eventually } from "../engine/eventually.ts";

/** Not sealed at all, but bound to its purpose. */
const box: SecretBox = {
  seal: (value, purpose) => `${purpose}|${Buffer.from(value).toString("base64")}`,
  open: (sealed, purpose) => {
    assert.ok(sealed.startsWith(`${purpose}|`));
    return Buffer.from(sealed.slice(purpose.length + 1), "base64");
  },
};
const logger = { debug() {}, info() {}, warn() {}, error() {} };

async function open() {
  const folder = await mkdtemp(join(tmpdir(), "slipway-secret-files-"));
  const database = new MemoryDatabase();
  const events = new MemoryEventBus();
  for (const id of ["p", "q"]) await database.projects.create({ id, name: id, slug: id, createdAt: 0, updatedAt: 0 });
  const files = new SecretFiles({ folder, stores: database, box, events, logger });
  const vault = new SecretVault({ database, box, files, clock: { now: () => 1000 } });
  const project = await database.projects.get("p");
  const addFunction = async (name: string, projectId = "p") => {
    const service = sampleService(`${projectId}-${name}`, projectId, { name, routeName: `${name}-${projectId}` });
    await database.services.create(service);
    return service;
  };
  const seen = async (name: string, slug = "p"): Promise<Readonly<Record<string, string>>> => {
    const path = join(folder, slug, name);
    const names = (await readdir(path)).filter((entry) => !entry.startsWith(".."));
    const texts = await Promise.all(names.map((entry) => readFile(join(path, entry), "utf8")));
    return Object.fromEntries(names.map((entry, i) => [entry, texts[i] ?? ""]));
  };
  const set = (name: string, value: string, functionName: string | null, projectId = "p") =>
    vault.put({ projectId, functionName, name }, Buffer.from(value));
  return {
    ...{ folder, database, events, files, vault, project, addFunction, seen, set },
    async [Symbol.asyncDispose]() {
      await files.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

test("a function sees its own secrets, of the project-wide ones those it asks for, and nobody else's", async () => {
  await using t = await open();
  const hello = await t.addFunction("hello");
  await t.addFunction("other");
  await t.database.deployments.create(
    sampleDeployment("d", hello.id, { status: "starting", secrets: ["both", "wide"] }),
  );
  await t.set("own", "1", "hello");
  await t.set("both", "hello's", "hello");
  await t.set("both", "everybody's", null);
  await t.set("wide", "2", null);
  await t.set("unasked", "3", null);
  await t.set("theirs", "4", "other");
  await t.set("wide", "other project", null, "q");
  assert.deepEqual(await t.files.mountsFor(hello, t.project), [
    { source: join(t.folder, "p", "hello"), target: "/secrets", readOnly: true },
  ]);
  assert.deepEqual(await t.seen("hello"), { own: "1", both: "hello's", wide: "2" });
  assert.deepEqual(await t.seen("other"), { theirs: "4" });
});

test("a change is there when it resolves; what is removed vanishes, and a hidden project-wide one is back", async () => {
  await using t = await open();
  const hello = await t.addFunction("hello");
  await t.database.deployments.create(sampleDeployment("d", hello.id, { status: "healthy", secrets: ["a"] }));
  await t.set("a", "wide", null);
  await t.set("a", "own", "hello");
  assert.deepEqual(await t.seen("hello"), { a: "own" });
  await t.vault.remove({ projectId: "p", functionName: "hello", name: "a" });
  assert.deepEqual(await t.seen("hello"), { a: "wide" });
  await t.vault.remove({ projectId: "p", functionName: null, name: "a" });
  assert.deepEqual(await t.seen("hello"), {});
  await assert.rejects(t.vault.remove({ projectId: "p", functionName: null, name: "a" }), { code: "not_found" });
});

test("the folder is there for a function without secrets, and none for an image service", async () => {
  await using t = await open();
  const hello = await t.addFunction("hello");
  assert.equal((await t.files.mountsFor(hello, t.project)).length, 1);
  assert.deepEqual(await t.seen("hello"), {});
  assert.deepEqual(await t.files.mountsFor({ ...hello, kind: "image" }, t.project), []);
});

test("a start writes all folders, removes those of functions that are gone, and one bad secret stops no other", async () => {
  await using t = await open();
  await t.addFunction("hello");
  await t.addFunction("bad");
  await t.addFunction("far", "q");
  await t.set("a", "1", "hello");
  await t.set("b", "2", "far", "q");
  await t.set("c", "3", "bad");
  const [bad] = await t.database.secrets.list({ functionName: "bad" });
  if (bad !== undefined) await t.database.secrets.put({ ...bad, sealed: "changed" });
  await t.set("x", "1", "gone");
  const gone = await t.addFunction("gone");
  await t.files.mountsFor(gone, t.project);
  await t.database.services.remove(gone.id);
  await t.files.writeAll();
  assert.deepEqual([await t.seen("hello"), await t.seen("far", "q")], [{ a: "1" }, { b: "2" }]);
  await assert.rejects(access(join(t.folder, "p", "gone")), { code: "ENOENT" });
});

test("the folder of a deleted function goes with its last instance, its secrets stay set", async () => {
  await using t = await open();
  const hello = await t.addFunction("hello");
  await t.set("a", "1", "hello");
  await t.files.mountsFor(hello, t.project);
  await t.database.instances.put(sampleInstance("d-0", hello));
  await t.database.services.remove(hello.id);
  t.events.publish({ type: "service.deleted", serviceId: hello.id, projectId: "p" });
  assert.deepEqual(await t.seen("hello"), { a: "1" });
  await t.database.instances.remove("d-0");
  t.events.publish({ type: "instance.gone", serviceId: hello.id, slot: "d-0", runtimeId: null, deploymentId: "d" });
  await eventually(() => assert.rejects(access(join(t.folder, "p", "hello")), { code: "ENOENT" }));
  assert.equal((await t.vault.list({ functionName: "hello" })).length, 1);
  await t.vault.removeAllOf("p", "hello");
  assert.deepEqual(await t.vault.list({}), []);
});

test("create refuses what is set, and says nothing of its value", async () => {
  await using t = await open();
  const key = { projectId: "p", functionName: "hello", name: "a" };
  await t.vault.create(key, Buffer.from("first"));
  await assert.rejects(t.vault.create(key, Buffer.from("second")), { code: "conflict" });
  await t.vault.create({ ...key, functionName: null }, Buffer.from("wide"));
  assert.equal((await t.vault.list({ projectId: "p" })).length, 2);
});

for (const name of ["", ".", "..", "..data", "a/b", "a b", "ü", "a\n", "x".repeat(254)]) {
  test(`${JSON.stringify(name.slice(0, 10))} is no name of a secret`, async () => {
    await using t = await open();
    await assert.rejects(t.set(name, "v", null), { code: "invalid" });
  });
}

test("a function's name that could never be one is refused, one that is not there yet is taken", async () => {
  await using t = await open();
  await assert.rejects(t.set("a", "v", "No Such"), { code: "invalid", message: /^function: / });
  await t.set("a", "v", "not-there-yet");
  await assert.rejects(t.set("a", "v".repeat(512 * 1024 + 1), null), { code: "too_large" });
  await t.set("a", "v".repeat(512 * 1024), null);
});

test("a deployment that asks for what is set nowhere is refused with the command that sets it", async () => {
  await using t = await open();
  const asks = (secrets: readonly string[], forBuild: readonly string[] = []) =>
    t.vault.requireFor(t.project, "hello", { secrets, buildInputs: { args: {}, secrets: forBuild } });
  await assert.rejects(asks(["a"]), (error: unknown) => {
    assert.ok(isAppError(error, "invalid"));
    assert.match(`${error.message} ${error.remedy}`, /^secrets: a is set .* slipway secret set hello a --project p/);
    return true;
  });
  await t.set("a", "v", null);
  assert.deepEqual(await asks(["a"]), {});
  await assert.rejects(asks([], ["b"]), { code: "invalid", message: /^build\.secrets: b/ });
  await t.set("b", "v", "hello");
  const before = await asks([], ["b"]);
  await t.set("b", "v", "hello");
  assert.notDeepEqual(await asks([], ["b"]), before);
  await t.set("slipway-npmrc", "v", null);
  await assert.rejects(asks([], ["slipway-npmrc"]), { code: "invalid" });
  await t.set("big", "v".repeat(501 * 1024), null);
  await assert.rejects(asks([], ["big"]), { code: "invalid", message: /512000/ });
});

test("a build gets the function's own before the project's, and fails when one is gone", async () => {
  await using t = await open();
  await t.set("a", "wide", null);
  assert.equal(String((await t.vault.forBuild("p", "hello", ["a"])).values.a), "wide");
  await t.set("a", "own", "hello");
  assert.equal(String((await t.vault.forBuild("p", "hello", ["a"])).values.a), "own");
  await assert.rejects(t.vault.forBuild("p", "hello", ["a", "b"]), { code: "build_failed", message: /secret b/ });
});
