/** What becomes of a file somebody sent: which runtime it gets, and what is refused before anything is stored. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleDeployment, sampleRuntime, sampleService } from "../../test/contract/database/sample-records.ts";
import { AppError } from "../domain/errors.ts";
import type { EventBus } from "../domain/events.ts";
import type { Manifest, ReadManifest } from "../domain/manifest.ts";
import { DEFAULT_SETTINGS } from "../domain/rollout.ts";
import { DEFAULT_ARCHIVE_LIMITS } from "../domain/source.ts";
import type { DeployRequest } from "./accept-upload.ts";
import { Intake } from "./intake.ts";

const PROJECT = { id: "p", name: "default", slug: "default", networkIndex: 0, createdAt: 0, updatedAt: 0 };
const FIELDS = { name: "hello", tag: "hello:1", runtime: "node", port: 9002, volume: "", volumes: [] };
const RULES = {
  reservedNames: [],
  volumeRoots: [],
  capabilities: [],
  networks: ["shared"],
  ownHosts: [],
};
/** What the reader says of a funko.yml without networks. */
const FUNKO: ReadManifest = {
  manifest: { name: "funko", networks: ["faaso-net"] },
  warnings: ["funko.yml:1:1: unknown"],
  defaulted: ["networks"],
};
const SILENT: EventBus = { publish: () => {}, on: () => () => {}, async *subscribe() {} };

/** An intake whose archive holds these files. */
function bench(files: Readonly<Record<string, string>>) {
  const imported: string[] = [];
  const requests: DeployRequest[] = [];
  const intake = new Intake({
    sources: {
      importArchive: async (path) => {
        imported.push(path);
        return { id: "source", sizeBytes: 1, entryCount: 1, createdAt: 0 };
      },
      listPaths: async () => Object.keys(files),
      readFile: async (_id, path) => (path in files ? new TextEncoder().encode(files[path]) : undefined),
    },
    runtimes: {
      get: async (name) => {
        if (name === "nope") throw new AppError("not_found", "There is no runtime nope.");
        return sampleRuntime(name);
      },
      read: async (name) => {
        if (name === "nope") throw new AppError("not_found", "There is no runtime nope.");
        return { runtime: sampleRuntime(name), dockerfile: "FROM x", files: [] };
      },
    },
    deployer: {
      deploy: async (request) => {
        requests.push(request);
        return { service: sampleService("s", "p"), deployment: sampleDeployment("d", "s"), isUnchanged: false };
      },
      cancel: async (id) => sampleDeployment(id, "s", { status: "cancelled" }),
    },
    limits: DEFAULT_ARCHIVE_LIMITS,
    manifests: {
      read: async (text, file) => ({ warnings: [], ...JSON.parse(text), ...(file === "funko.yml" && FUNKO) }),
    },
    rules: RULES,
    deployments: { get: async (id) => sampleDeployment(id, "s", { status: "healthy" }) },
    events: SILENT,
  });
  const give = (manifest: Manifest) =>
    intake.deployFunction(PROJECT, { manifest, noCache: false, isHeld: false }, "/upload");
  const deploy = (runtime?: string) => give({ name: "hello", runtime });
  return { intake, imported, requests, deploy, give };
}

test("a lambdaathome upload keeps its port, tag and volumes", async () => {
  const { intake, requests } = bench({});
  const volumes = [{ source: "data", target: "/data", readOnly: false }];
  const fields = { ...FIELDS, volume: "./data:/data", volumes };
  assert.equal((await intake.deployUpload(PROJECT, fields, "/upload")).detected, null);
  assert.partialDeepStrictEqual(requests[0], { localPort: 9002, tag: "hello:1", volumeText: "./data:/data" });
  assert.deepEqual(requests[0]?.settings.volumes, volumes);
});

test("an unknown runtime is refused before the archive is read", async () => {
  const { intake, imported, deploy } = bench({});
  await assert.rejects(intake.deployUpload(PROJECT, { ...FIELDS, runtime: "nope" }, "/upload"), { code: "not_found" });
  await assert.rejects(deploy("nope"), { code: "not_found" });
  assert.deepEqual(imported, []);
});

test("without a runtime it is told from the files, and said so; a Dockerfile is built as it is", async () => {
  for (const [files, runtime] of [
    [{ "index.html": "" }, "static"],
    [{ "requirements.txt": "" }, "python"],
    [{ "package.json": `{"scripts":{"start":"node ."}}` }, "node"],
    [{ Dockerfile: "FROM x", "package.json": "{}" }, undefined],
  ] as const) {
    const { requests, deploy } = bench(files);
    assert.match((await deploy()).detected ?? "", /^found /);
    assert.equal(requests[0]?.runtime?.runtime.name, runtime);
  }
});

test("a runtime that is named is taken whatever the files look like", async () => {
  const { requests, deploy } = bench({ "index.html": "" });
  assert.equal((await deploy("python")).detected, null);
  assert.equal(requests[0]?.runtime?.runtime.name, "python");
});

test("what can't be told is refused with what would have been recognised", async () => {
  const { requests, deploy } = bench({ "data.csv": "" });
  await assert.rejects(deploy(), (error) => error instanceof AppError && /package\.json/.test(error.message));
  assert.deepEqual(requests, []);
});

/** A file that the bench's reader answers as it stands. */
function written(manifest: Manifest, warnings: readonly string[] = []): string {
  return JSON.stringify({ manifest, warnings });
}

test("the manifest in the source lies under what is given; all of it reaches the deployment", async () => {
  const file = { name: "filed", runtime: "python", port: 3000, env: { A: "1", B: "1" }, scale: { min: 2, max: 4 } };
  const { requests, give } = bench({ "slipway.yml": written(file, ["a warning"]), "index.html": "" });
  const { warnings, detected } = await give({ env: { B: "2" }, port: 4000 });
  assert.deepEqual([requests[0]?.name, requests[0]?.runtime?.runtime.name, detected], ["filed", "python", null]);
  assert.partialDeepStrictEqual(requests[0]?.settings, { port: 4000, env: { A: "1", B: "2" }, replicas: 2 });
  assert.deepEqual(warnings, ["a warning", "scale.max is kept with the deployment and has no effect in this version"]);
  await give({ name: "given", runtime: "node", replicas: 3 });
  assert.deepEqual([requests[1]?.name, requests[1]?.runtime?.runtime.name], ["given", "node"]);
  assert.equal(requests[1]?.settings.replicas, 3);
});

test("null for a runtime is the source's own Dockerfile, whatever the file says, and there must be one", async () => {
  const file = written({ name: "x", runtime: "./mine" });
  const { requests, give } = bench({ "slipway.yml": file, Dockerfile: "FROM x" });
  await give({ runtime: null });
  assert.equal(requests[0]?.runtime, undefined);
  await assert.rejects(give({}), { code: "invalid", message: /^runtime: \.\/mine is a folder/ });
  const bare = bench({ "slipway.yml": file, "index.html": "" });
  await assert.rejects(bare.give({ runtime: null }), { code: "invalid", message: /no Dockerfile/ });
  assert.deepEqual(bare.requests, []);
});

test("without any name it is refused; what is wrong anyway is refused before the archive is read", async () => {
  const { imported, requests, give } = bench({ "index.html": "" });
  await assert.rejects(give({}), { code: "invalid", message: /^name: is missing/ });
  assert.equal(imported.length, 1);
  for (const wrong of [
    { name: "Bad" },
    { name: "x", runtime: "./mine" },
    { runtime: "nope" },
    { name: "x", networks: ["host"] },
    { name: "x", volumes: ["/etc:/x"] },
  ])
    await assert.rejects(give(wrong), AppError);
  assert.deepEqual([imported.length, requests.length], [1, 0]);
});

test("a network that only the name funko.yml stands for is left out where it is not allowed, and that is said", async () => {
  const { requests, give } = bench({ "funko.yml": "{}", "index.html": "" });
  const { warnings } = await give({});
  assert.deepEqual([requests[0]?.name, requests[0]?.settings.networks], ["funko", []]);
  assert.deepEqual(warnings.slice(0, 1), FUNKO.warnings);
  assert.match(warnings[1] ?? "", /faaso-net .*not allowed/);
  await give({ networks: ["shared"] });
  assert.deepEqual(requests[1]?.settings.networks, ["shared"]);
  await assert.rejects(give({ networks: ["faaso-net"] }), { code: "forbidden" });
});

test("slipway.yml counts where both are there", async () => {
  const { requests, give } = bench({ "slipway.yml": written({ name: "one" }), "funko.yml": "{}", "index.html": "" });
  await give({});
  assert.deepEqual([requests[0]?.name, requests[0]?.settings.networks], ["one", []]);
});

test("a lambdaathome upload takes what its form does not say from the file, whose port is the app's", async () => {
  const file = {
    name: "other",
    runtime: "./mine",
    port: 3000,
    env: { A: "1" },
    volumes: ["./file:/file"],
    timeoutMs: 5,
  };
  const { intake, requests } = bench({ "slipway.yml": written(file) });
  await intake.deployUpload(PROJECT, FIELDS, "/upload");
  assert.partialDeepStrictEqual(requests[0], { name: "hello", localPort: 9002, tag: "hello:1", volumeText: "" });
  assert.equal(requests[0]?.runtime?.runtime.name, "node");
  const mount = { source: "file", target: "/file", readOnly: false };
  assert.partialDeepStrictEqual(requests[0]?.settings, { port: 3000, env: { A: "1" }, timeoutMs: 5, volumes: [mount] });
  const volumes = [{ source: "data", target: "/data", readOnly: false }];
  await intake.deployUpload(PROJECT, { ...FIELDS, volume: "./data:/data", volumes }, "/upload");
  assert.deepEqual(requests[1]?.settings.volumes, volumes);
});

test("an upload without a manifest asks for what it always asked for", async () => {
  const { intake, requests } = bench({});
  await intake.deployUpload(PROJECT, FIELDS, "/upload");
  assert.equal(JSON.stringify(requests[0]?.settings), JSON.stringify(DEFAULT_SETTINGS));
});
