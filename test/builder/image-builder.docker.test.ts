import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { contextTar } from "../../src/builder/context-tar.ts";
import { DockerBuildEngine } from "../../src/docker/build-engine.ts";
import { DockerClient } from "../../src/docker/docker-client.ts";
import { isAppError } from "../../src/domain/errors.ts";
import { newId } from "../../src/lib/ids.ts";
import { eventually } from "../engine/eventually.ts";
import { type BuildBench, openBuildBench } from "./build-bench.ts";

let bench: BuildBench;
before(async () => {
  bench = await openBuildBench();
});
after(() => bench.close());

const BASE = "FROM slipway/base-node:24\n";

test("unchanged files are not built again, changed ones are, noCache always", async () => {
  const files = { Dockerfile: `${BASE}COPY a /a\nEXPOSE 3000\n`, a: newId() };
  const first = await bench.build(files);
  assert.equal(first.wasCached, false);
  assert.equal(first.exposedPort, 3000);
  const again = await bench.build(files);
  assert.deepEqual(again, { ...first, wasCached: true });
  assert.notEqual((await bench.build({ ...files, a: "b" })).image, first.image);
  assert.equal((await bench.build(files, undefined, { noCache: true })).wasCached, false);
});

test("the further tag is on the image, also on one that was there", async () => {
  const files = { Dockerfile: `${BASE}LABEL a=${newId()}\n` };
  const { image } = await bench.build(files);
  const tag = `swtest-${newId()}:1`;
  await bench.build(files, undefined, { tag });
  assert.ok((await bench.driver.findImage(tag))?.tags.includes(image));
});

test("a failing step is named with its exit code and last words; the log tells what was built from what", async () => {
  const buildId = newId();
  const files = { Dockerfile: `${BASE}RUN echo before && echo the reason >&2 && exit 7\n` };
  await assert.rejects(
    () => bench.build(files, undefined, { buildId }),
    (error: unknown) => {
      assert.ok(isAppError(error, "build_failed"));
      assert.match(error.message, /`RUN echo before && echo the reason >&2 && exit 7` with exit code 7: the reason/);
      for (const line of [/^before$/m, /^the reason$/m]) assert.match(error.logTail ?? "", line);
      return true;
    },
  );
  const log = await bench.logs.read(buildId);
  assert.match(log, /^Building default\/hello from source [0-9a-f]{12} with its own Dockerfile\n/);
  assert.doesNotMatch(log, /--mount/);
});

const BROKEN: readonly (readonly [string, string, RegExp])[] = [
  ["an unknown instruction", `${BASE}COPPY a b\n`, /COPPY/],
  ["a missing file", `${BASE}COPY nothing /x\n`, /COPY nothing/],
  ["no FROM", "RUN x\n", /FROM|build stage/],
  ["an empty Dockerfile", "\n", /./],
  ["a base image nobody has", "FROM nobody.invalid/nothing:1\n", /nobody\.invalid\/nothing:1 can't be fetched/],
  [
    "a syntax image nobody has",
    `# syntax=nobody.invalid/docker/dockerfile:1\n${BASE}`,
    /"# syntax=" image can't be fetched/,
  ],
];
for (const [what, dockerfile, words] of BROKEN) {
  test(`a Dockerfile with ${what} is a failed build`, () =>
    assert.rejects(
      () => bench.build({ Dockerfile: dockerfile, a: newId() }),
      (error: unknown) => isAppError(error, "build_failed") && words.test(error.message),
    ));
}

test("no Dockerfile and no runtime is a failed build that says what to do", () =>
  assert.rejects(() => bench.build({ "a.txt": "a" }), { code: "build_failed" }));

test("cancelling ends the running step", async () => {
  const abort = new AbortController();
  const [buildId, marker] = [newId(), newId()];
  const dockerfile = `${BASE}RUN echo started && exec node -e "setTimeout(() => {}, 300000)" ${marker}\n`;
  const building = bench.build({ Dockerfile: dockerfile }, undefined, { buildId }, abort.signal);
  const rejected = assert.rejects(building, { code: "cancelled" });
  let log = "";
  for await (const chunk of bench.logs.follow(buildId, new AbortController().signal)) {
    log += chunk;
    if (/^started$/m.test(log)) abort.abort();
  }
  await rejected;
  await eventually(async () => assert.deepEqual(await processesWith(marker), []));
});

test("a build that takes too long is ended and says so", async () => {
  const limited = bench.builderWith({ timeoutMs: 1000 });
  const request = await bench.requestFor({ Dockerfile: `${BASE}RUN sleep 300\n`, a: newId() });
  await assert.rejects(() => limited.build(request, new AbortController().signal), { code: "timeout", message: /1 s/ });
});

test("builds that wait for their turn say so, and can be cancelled while they wait", async () => {
  const one = bench.builderWith({ parallel: 1 });
  const [running, waiting] = [new AbortController(), new AbortController()];
  const slow = await bench.requestFor({ Dockerfile: `${BASE}RUN sleep 300\n`, a: newId() });
  const queued = await bench.requestFor({ Dockerfile: `${BASE}LABEL a=${newId()}\n` });
  const slowEnd = assert.rejects(one.build(slow, running.signal), { code: "cancelled" });
  const queuedEnd = assert.rejects(one.build(queued, waiting.signal), { code: "cancelled" });
  await eventually(async () => assert.match(await bench.logs.read(queued.buildId), /Waiting: 1 builds/));
  waiting.abort();
  await queuedEnd;
  running.abort();
  await slowEnd;
});

test(".dockerignore is honoured, modes and symlinks arrive", async () => {
  const files = {
    Dockerfile: `${BASE}COPY . /x\nRUN test ! -e /x/secret.env && test -e /x/kept.env\n`,
    ".dockerignore": "*.env\n!kept.env\n",
    "secret.env": newId(),
    "kept.env": "k",
  };
  assert.equal((await bench.build(files)).wasCached, false);
});

test("images that are not kept are removed, kept ones stay", async () => {
  const serviceId = newId();
  const images: string[] = [];
  for (const content of ["1", "2", "3"]) {
    const files = { Dockerfile: `${BASE}LABEL n=${content}\n` };
    images.push((await bench.build(files, undefined, { serviceId, serviceName: "pruned" })).image);
  }
  await bench.builder.pruneImages(serviceId, images.slice(1));
  const left = await bench.driver.listImages({ mine: true, serviceId });
  assert.deepEqual(left.flatMap((image) => image.tags).sort(), images.slice(1).sort());
});

test("more builds than slots wait for each other and all succeed", async () => {
  const files = (n: number) => ({ Dockerfile: `${BASE}LABEL n=${n}\n`, a: newId() });
  const results = await Promise.all([1, 2, 3, 4, 5].map((n) => bench.build(files(n))));
  assert.equal(new Set(results.map((result) => result.image)).size, 5);
});

test("without BuildKit the classic builder does it, without the host's settings", async () => {
  const tag = `swtest-${newId()}:1`;
  const classic = new DockerBuildEngine(new DockerClient(), { hasBuildkit: false });
  const contexts: boolean[] = [];
  const build = (dockerfile: string) => ({
    openContext: ({ withSecrets }: { readonly withSecrets: boolean }) => {
      contexts.push(withSecrets);
      return contextTar(dockerfile, []);
    },
    tags: [tag],
    labels: { "slipway.server": bench.serverId, "slipway.managed": "true" },
    buildArgs: { WORD: "there" },
    secrets: { a: Buffer.from("secret") },
    noCache: true,
    memoryBytes: 256 * 1024 * 1024,
    cpuMillicores: 500,
  });
  const signal = new AbortController().signal;
  let log = "";
  const { imageId } = await classic.build(
    build(`${BASE}ARG WORD\nRUN echo hello $WORD\n`),
    (text) => (log += text),
    signal,
  );
  assert.equal((await bench.driver.findImage(tag))?.id, imageId);
  assert.match(log, /^hello there$/m);
  await assert.rejects(
    classic.build(build(`${BASE}RUN echo why && exit 3\n`), () => undefined, signal),
    {
      code: "build_failed",
      message: /`RUN echo why && exit 3` with exit code 3: /,
    },
  );
  await assert.rejects(
    classic.build(build("NONSENSE\n"), () => undefined, signal),
    { code: "build_failed" },
  );
  assert.deepEqual(contexts, [false, false, false]);
});

/** Command lines of this machine's processes that hold `marker`; the engine's steps are among them. */
async function processesWith(marker: string): Promise<readonly string[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "")));
  return lines.filter((line) => line.includes(marker));
}
