import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { EngineImageBuilder } from "../../src/builder/image-builder.ts";
import { DockerBuildEngine } from "../../src/docker/build-engine.ts";
import { DockerClient } from "../../src/docker/docker-client.ts";
import { DEFAULT_BUILD_LIMITS } from "../../src/domain/build.ts";
import { isAppError } from "../../src/domain/errors.ts";
import { newId } from "../../src/lib/ids.ts";
import { type BuildBench, openBuildBench } from "./build-bench.ts";

let bench: BuildBench;
before(async () => {
  bench = await openBuildBench();
});
after(() => bench.close());

const BASE = "FROM slipway/base-node:24\n";
const MOUNT = "--mount=type=secret,id=token,required=true";
const signal = new AbortController().signal;

const secretsOf = (value: string | Uint8Array, version: string) => ({
  buildSecrets: { token: Buffer.from(value) },
  buildSecretVersions: { token: version },
});

/** Everything the engine tells and saves of an image, as one text. */
async function everythingOf(image: string): Promise<string> {
  const handle = bench.docker.getImage(image);
  const told = JSON.stringify([await handle.inspect(), await handle.history()]);
  const chunks: Buffer[] = [];
  for await (const chunk of await handle.get()) chunks.push(Buffer.from(chunk as Uint8Array));
  return told + Buffer.concat(chunks).toString("latin1");
}

test("a step reads the secret; image, history, saved layers, engine's cache and log have no trace of it", async () => {
  const value = `s3cret-${newId()}`;
  const Dockerfile = `${BASE}RUN ${MOUNT} cat /run/secrets/token && wc -c < /run/secrets/token\n`;
  const request = { ...(await bench.requestFor({ Dockerfile, a: newId() })), ...secretsOf(value, newId()) };
  const { image } = await bench.builder.build(request, signal);
  const log = await bench.logs.read(request.buildId);
  assert.match(log, / RUN --mount=type=secret,id=token,required=true cat/);
  // Read whole (43 bytes), shown as a mask.
  assert.match(log, /^\*\*\*43$/m);
  for (const text of [log, await everythingOf(image), JSON.stringify(await bench.docker.df())])
    assert.ok(!text.includes(value));
});

test("a secret set anew makes another image, and its steps run again; unchanged, nothing is built", async () => {
  const Dockerfile = `${BASE}RUN ${MOUNT} wc -c < /run/secrets/token > /size && cat /size\n`;
  const [files, version] = [{ Dockerfile }, newId()];
  const first = await bench.build(files, undefined, secretsOf("four", version));
  assert.deepEqual(await bench.build(files, undefined, secretsOf("four", version)), { ...first, wasCached: true });
  const request = { ...(await bench.requestFor(files)), ...secretsOf("longer", newId()) };
  const second = await bench.builder.build(request, signal);
  assert.notEqual(second.image, first.image);
  assert.match(await bench.logs.read(request.buildId), /^6$/m);
});

test("an empty secret and one of 500 KiB arrive as they are", async () => {
  const Dockerfile = `${BASE}RUN ${MOUNT} sha256sum /run/secrets/token | cut -c1-64\n`;
  for (const value of [Buffer.alloc(0), Buffer.alloc(500 * 1024, 7)]) {
    const request = { ...(await bench.requestFor({ Dockerfile })), ...secretsOf(value, newId()) };
    await bench.builder.build(request, signal);
    const sum = createHash("sha256").update(value).digest("hex");
    assert.ok((await bench.logs.read(request.buildId)).includes(sum));
  }
});

test("a failing step says nothing of the secret: not in the message, not in the log's tail", async () => {
  const value = `s3cret-${newId()}`;
  const Dockerfile = `${BASE}RUN ${MOUNT} cat /run/secrets/token >&2 && exit 3\n`;
  const building = bench.build({ Dockerfile, a: newId() }, undefined, secretsOf(value, "1"));
  await assert.rejects(building, (error: unknown) => {
    assert.ok(isAppError(error, "build_failed"));
    assert.ok(!`${error.message}${error.logTail}`.includes(value));
    assert.match(error.message, /with exit code 3: \*\*\*/);
    return true;
  });
});

test("build arguments reach the Dockerfile, and another one makes another image", async () => {
  const files = { Dockerfile: `${BASE}ARG WORD\nRUN echo "it is $WORD"\n` };
  const word = newId();
  const request = { ...(await bench.requestFor(files)), buildArgs: { WORD: word } };
  const first = await bench.builder.build(request, signal);
  assert.ok((await bench.logs.read(request.buildId)).includes(`\nit is ${word}\n`));
  assert.notEqual((await bench.build(files, undefined, { buildArgs: { WORD: "there" } })).image, first.image);
});

test("the classic builder, which could keep no secret, refuses such a build", async () => {
  const engine = new DockerBuildEngine(new DockerClient(), { hasBuildkit: false });
  const builder = new EngineImageBuilder({ ...bench.builderOptions, engine, limits: DEFAULT_BUILD_LIMITS });
  const request = await bench.requestFor({ Dockerfile: `${BASE}LABEL a=${newId()}\n` });
  await assert.rejects(builder.build({ ...request, ...secretsOf("value", "1") }, signal), {
    code: "build_failed",
    message: /takes secrets \(token\), which needs BuildKit/,
  });
});
