/** `POST /api/functions`: manifests in and beside the source, code in JSON, and what the answer says of them. */

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { after, before, test } from "node:test";
import type { InjectOptions } from "fastify";
import { makeZip, zipOf } from "../archives.ts";
import { type Bench, openBench, PASSKEY } from "./api-bench.ts";
import { uploadParts } from "./bench-uploads.ts";
import { formOf, type Part } from "./form.ts";

let bench: Bench;
before(async () => {
  bench = await openBench({ env: { SLIPWAY_UPLOAD_LIMIT: "2MiB" } });
});
after(() => bench.close());

const PAGE = { "index.html": "<h1>hi</h1>" };

async function send(question: InjectOptions, query = "") {
  const answer = await bench.app.inject({
    method: "POST",
    url: `/api/functions${query}`,
    ...question,
    headers: { authorization: PASSKEY, ...question.headers },
  });
  return { status: answer.statusCode, body: answer.json() };
}

const form = (parts: readonly Part[], query = "") => send(formOf(parts), query);
const json = (payload: object, query = "") =>
  send({ payload: JSON.stringify(payload), headers: { "content-type": "application/json" } }, query);
const source = (files: Readonly<Record<string, string>>): Part => ({
  name: "source",
  value: zipOf(files),
  file: "s.zip",
});

/** The deployment that came of it, as it is stored. */
function stored({ body }: { readonly body: { readonly deployment: { readonly id: string } } }) {
  return bench.database.deployments.get(body.deployment.id);
}

test("the source's own slipway.yml is enough; what is given lies over it", async () => {
  const file = "name: filed\nruntime: static\nport: 3000\nenv: {A: 1.10, B: b}\nscale: {min: 2, max: 5}\n";
  const alone = await form([source({ ...PAGE, "slipway.yml": file })]);
  assert.equal(alone.status, 202, JSON.stringify(alone.body));
  assert.equal(alone.body.function.name, "filed");
  assert.deepEqual(alone.body.warnings, ["scale.max is kept with the deployment and has no effect in this version"]);
  assert.partialDeepStrictEqual(await stored(alone), { env: { A: "1.10", B: "b" }, replicas: 2, isHeld: false });
  const manifest = { name: "manifest", value: "env:\n  B: c\nreplicas: 3\n" };
  const over = await form([manifest, source({ ...PAGE, "slipway.yml": file })]);
  assert.partialDeepStrictEqual(await stored(over), { env: { A: "1.10", B: "c" }, replicas: 3 });
});

test("the part manifest may come as a file, before or after the source; a second source may not", async () => {
  const manifest = { name: "manifest", value: "name: as-file\nruntime: static\n", file: "slipway.yml" };
  for (const parts of [
    [manifest, source(PAGE)],
    [source(PAGE), manifest],
  ]) {
    const { status, body } = await form(parts);
    assert.deepEqual([status, body.function?.name], [202, "as-file"], JSON.stringify(body));
  }
  assert.equal((await form([source(PAGE), source(PAGE)])).status, 400);
  assert.equal((await form([{ ...manifest, value: "#".repeat(1_100_000) }, source(PAGE)])).status, 413);
});

test("what is wrong in the file of the source names file, line and key, and nothing has changed", async () => {
  const bad = await form([source({ ...PAGE, "slipway.yml": "name: broken\nhealth:\n  pth: /\n" })]);
  assert.equal(bad.status, 400);
  assert.equal(bad.body.error, "invalid");
  assert.match(
    bad.body.message,
    /^slipway\.yml:3:3: .*required\nslipway\.yml:3:3: unknown key `pth` in `health`; did you mean `path`\?$/,
  );
  assert.deepEqual(Object.keys(bad.body.errors), ["health.path", "health.pth"]);
  for (const [files, status, pattern] of [
    [{ ...PAGE, "slipway.yml": "name: broken\nruntime: nope\n" }, 404, /Did you mean node/],
    [{ ...PAGE, "slipway.yml": "name: broken\nruntime: ./mine\n" }, 400, /slipway runtime add/],
    [{ ...PAGE, "slipway.yml": "name: broken\nnetworks: [host]\n" }, 403, /SLIPWAY_NETWORKS/],
    [{ ...PAGE, "slipway.yml": "name: broken\nroutes: [{path: /api/x}]\n" }, 409, /platform's own/],
    [{ "data.csv": "1", "slipway.yml": "name: broken\n" }, 400, /can't be told/],
    [PAGE, 400, /name: is missing/],
  ] as const) {
    const answer = await form([source(files)]);
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    assert.match(`${answer.body.message} ${answer.body.remedy}`, pattern);
  }
  assert.equal(await bench.database.services.findByName(bench.project.id, "broken"), undefined);
});

test("a funko as FaaSO has it is taken: unknown keys are warnings", async () => {
  const funko = "name: Historico\nruntime: static\noptions:\n  ship_packages:\n    - curl\nauthor: ralsina\n";
  const { status, body } = await form([source({ ...PAGE, "funko.yml": funko })]);
  assert.deepEqual([status, body.function.name], [202, "historico"]);
  assert.match(body.warnings[0], /^funko\.yml:6:1: unknown key `author`/);
  assert.deepEqual((await stored({ body })).networks, ["faaso-net"]);
});

test("deploy=0 holds it back", async () => {
  const parts = [{ name: "manifest", value: '{"name":"held","runtime":"static"}' }, source(PAGE)];
  assert.equal((await stored(await form(parts, "?deploy=0"))).isHeld, true);
});

test("code in JSON: a text becomes the runtime's file, a zip is a source with all its files", async () => {
  const text = await json({ name: "text", runtime: "node", env: { A: 1 }, code: "module.exports = () => 1" });
  assert.equal(text.status, 202, JSON.stringify(text.body));
  const { sourceId, env } = await stored(text);
  assert.deepEqual(env, { A: "1" });
  assert.deepEqual(await bench.parts.sources.listPaths(sourceId ?? ""), ["index.js"]);
  const bytes = await bench.parts.sources.readFile(sourceId ?? "", "index.js");
  assert.equal(new TextDecoder().decode(bytes), "module.exports = () => 1");
  const zip = zipOf({ ...PAGE, "slipway.yml": "port: 81\n" });
  const packed = await json({ name: "packed", code: zip.toString("base64"), code_encoding: "zip" });
  assert.equal(packed.status, 202, JSON.stringify(packed.body));
  assert.match(packed.body.detected, /index\.html/);
  assert.deepEqual((await stored(packed)).listenPorts, [81]);
});

test("a JSON body that can't be used says which field and what to do", async () => {
  const code = "x";
  await send({ method: "PUT", url: "/api/runtimes/bare", payload: { content: "FROM scratch\n" } });
  for (const [body, field, pattern] of [
    [{ name: "x", runtime: "node" }, "code", /required/],
    [{ name: "x", runtime: "./rt", code: "1" }, "runtime", /folder/],
    [{ name: "x", runtime: "node", code: 1 }, "code", /must be a text/],
    [{ name: "x", code }, "runtime", /takes a text \(.*node/],
    [{ name: "x", runtime: "bare", code }, "runtime", /folders only/],
    [{ name: "x", runtime: "node", code, code_encoding: "tar" }, "code_encoding", /text or zip/],
    [{ name: "x", runtime: "node", code: "%%%", code_encoding: "zip" }, "code", /base64/],
    [{ name: "x", runtime: "node", code, prot: 1 }, "prot", /did you mean `port`/],
    [{ runtime: "node", code }, "name", /missing/],
  ] as const) {
    const answer = await json(body);
    assert.equal(answer.status, 400, JSON.stringify(answer.body));
    assert.ok(field in answer.body.errors, JSON.stringify(answer.body));
    assert.match(`${answer.body.message} ${answer.body.remedy}`, pattern);
  }
  assert.equal((await json({ name: "x", runtime: "nope", code })).status, 404);
  assert.equal((await json([])).status, 400);
  assert.equal((await send({ payload: "", headers: { "content-type": "application/json" } })).status, 400);
  assert.equal((await send({ payload: "x", headers: { "content-type": "text/plain" } })).status, 415);
});

test("a JSON body may be as long as an upload in base64, and no longer", async () => {
  const large = makeZip([{ name: "index.html", content: Buffer.alloc(1_900_000, 7), isStored: true }]);
  const taken = await json({ name: "large", code: large.toString("base64"), code_encoding: "zip" });
  assert.equal(taken.status, 202, JSON.stringify(taken.body));
  const tooLarge = makeZip([{ name: "index.html", content: Buffer.alloc(2_200_000, 7), isStored: true }]);
  assert.equal((await json({ name: "large", code: tooLarge.toString("base64"), code_encoding: "zip" })).status, 413);
  assert.equal((await json({ name: "large", code: "x".repeat(5_000_000) })).status, 413);
});

test("lambdaathome's form takes a file's other fields", async () => {
  const file = "name: other\nport: 3000\nenv: {A: b}\nhealth: {path: /ping}\n";
  const answer = await bench.app.inject({
    method: "POST",
    url: "/function/upload",
    ...formOf(uploadParts({ name: "classic", port: "19002", file: zipOf({ ...PAGE, "slipway.yml": file }) })),
    headers: { ...formOf(uploadParts()).headers, authorization: PASSKEY },
  });
  assert.equal(answer.statusCode, 200, answer.body);
  const service = await bench.database.services.findByName(bench.project.id, "classic");
  const [deployment] = await bench.database.deployments.list({ serviceId: service?.id ?? "" });
  assert.partialDeepStrictEqual(deployment, {
    env: { A: "b" },
    health: { path: "/ping" },
    localPort: 19_002,
    listenPorts: [3000],
  });
});

test("the JSON Schema is there for everybody", async () => {
  const answer = await bench.app.inject({ url: "/api/manifest.schema.json" });
  assert.equal(answer.statusCode, 200);
  assert.match(String(answer.headers["content-type"]), /^application\/schema\+json/);
  assert.deepEqual(answer.json(), await bench.manifests.jsonSchema());
});

test("no file of a request is left", async () => {
  assert.deepEqual(await readdir(bench.parts.uploadsDir), []);
});
