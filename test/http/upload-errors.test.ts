import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { makeZip } from "../archives.ts";
import { type Bench, openBench } from "./api-bench.ts";
import { askBench, failsOn, type Question, uploadOf } from "./asking.ts";
import { uploadParts } from "./bench-uploads.ts";
import { formOf } from "./form.ts";

let bench: Bench;
let steadyDeploymentId = "";
before(async () => {
  bench = await openBench({
    env: { SLIPWAY_UPLOAD_LIMIT: "100KiB", SLIPWAY_UNPACKED_LIMIT: "12MiB", SLIPWAY_UPLOAD_ENTRIES: "50" },
  });
  steadyDeploymentId = (await bench.deployed("steady")).deploymentId;
});
after(() => bench.close());

const ask = (question: Question) => askBench(bench, question);
const fails = (question: Question, status: number, code: string) => failsOn(bench, question, status, code);
const upload = uploadOf;

describe("uploads", () => {
  test("missing fields are named all at once; an empty one is missing", async () => {
    const { body } = await fails(upload([{ name: "tag", value: "  " }]), 400, "invalid");
    assert.deepEqual(Object.keys(body.errors ?? {}).toSorted(), ["file", "name", "port", "runtime", "tag"]);
    for (const field of ["name", "tag", "runtime", "port", "file"]) {
      const one = await fails(upload(uploadParts({ [field]: undefined })), 400, "invalid");
      assert.deepEqual(Object.keys(one.body.errors ?? {}), [field]);
    }
  });

  test("fields that can't be used name the field", async () => {
    for (const [field, value, status, code] of [
      ["name", "Hello_World", 400, "invalid"],
      ["name", "admin", 400, "invalid"],
      ["name", "__proto__", 400, "invalid"],
      ["tag", "Not A Tag", 400, "invalid"],
      ["port", "80", 400, "invalid"],
      ["port", "8080", 400, "invalid"],
      ["port", "0x50", 400, "invalid"],
      ["port", "-1", 400, "invalid"],
      ["volume", "/:/host", 400, "invalid"],
      ["volume", "../x:/data", 400, "invalid"],
      ["volume", "./a:/x,./b:/x", 400, "invalid"],
      ["runtime", "nope", 404, "not_found"],
    ] as const) {
      const { body } = await fails(upload(uploadParts({ name: "other", [field]: value })), status, code);
      assert.ok(field in (body.errors ?? {}), `${field}=${value}`);
    }
    assert.equal((await ask({ url: "/function/get/other" })).statusCode, 404);
  });

  test("a taken port or tag is 409 and names it", async () => {
    const steady = (await ask({ url: "/function/get/steady" })).json();
    for (const [field, value] of [
      ["port", steady.port],
      ["tag", steady.tag],
    ]) {
      const { body } = await fails(upload(uploadParts({ name: "thief", [field]: value })), 409, "conflict");
      assert.ok(field in (body.errors ?? {}));
    }
    bench.driver.addImage("somebody/elses:1");
    await fails(upload(uploadParts({ name: "thief", tag: "somebody/elses:1" })), 409, "conflict");
  });

  test("an archive that is too large in any way is 413", async () => {
    const big = makeZip([{ name: "big", content: Buffer.alloc(200 * 1024, 7), isStored: true }]);
    await fails(upload(uploadParts({ file: big })), 413, "too_large");
    const bomb = makeZip([{ name: "bomb", content: Buffer.alloc(11 * 1024 * 1024) }]);
    await fails(upload(uploadParts({ file: bomb })), 413, "too_large");
    const many = makeZip(Array.from({ length: 60 }, (_, i) => ({ name: `f${i}`, content: "x" })));
    await fails(upload(uploadParts({ file: many })), 413, "too_large");
    await fails(upload([...uploadParts(), { name: "volume", value: "x".repeat(1_100_000) }]), 413, "too_large");
  });

  test("a form that is broken or holds too much is 400", async () => {
    const { payload, headers } = formOf(uploadParts());
    await fails({ ...upload([]), payload: payload.subarray(0, payload.length - 20), headers }, 400, "invalid");
    await fails({ ...upload([]), payload: payload.subarray(0, 30), headers }, 400, "invalid");
    await fails({ ...upload([]), payload: "no form at all", headers }, 400, "invalid");
    await fails({ ...upload([]), payload, headers: { "content-type": "multipart/form-data" } }, 400, "invalid");
    const second = { name: "file", value: "x", file: "b.zip" };
    await fails(upload([...uploadParts(), second]), 400, "invalid");
    const many = Array.from({ length: 70 }, (_, i) => ({ name: `f${i}`, value: "x" }));
    await fails(upload([...many, ...uploadParts()]), 400, "invalid");
    await fails(upload([...uploadParts(), { name: "constructor", value: "x" }]), 400, "invalid");
    await fails(upload([...uploadParts(), { name: "more", value: "{no", type: "application/json" }]), 400, "invalid");
  });

  test("a manifest is told what is wrong with each of its fields", async () => {
    const deploy = (manifest: string) => ({
      method: "POST" as const,
      url: "/api/functions",
      ...formOf([
        { name: "manifest", value: manifest },
        { name: "source", value: makeZip([{ name: "index.html", content: "x" }]), file: "s.zip" },
      ]),
    });
    await fails(deploy("{no"), 400, "invalid");
    await fails(deploy("[]"), 400, "invalid");
    const { body } = await fails(deploy('{"name":"x","replicas":99,"health":{"path":1},"nope":1}'), 400, "invalid");
    assert.deepEqual(Object.keys(body.errors ?? {}).toSorted(), ["health.path", "nope", "replicas"]);
    await fails({ ...deploy("{}"), ...formOf([{ name: "manifest", value: '{"name":"x"}' }]) }, 400, "invalid");
  });

  test("the old version is untouched by all of this, and no file of a request is left", async () => {
    const steady = (await ask({ url: "/api/functions/steady" })).json();
    assert.deepEqual([steady.status, steady.active_deployment_id], ["running", steadyDeploymentId]);
    assert.deepEqual(await readdir(bench.parts.uploadsDir), []);
  });
});
