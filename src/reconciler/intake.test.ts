/** What becomes of a file somebody sent: which runtime it gets, and what is refused before anything is stored. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleDeployment, sampleRuntime, sampleService } from "../../test/contract/database/sample-records.ts";
import { AppError } from "../domain/errors.ts";
import type { EventBus } from "../domain/events.ts";
import { DEFAULT_SETTINGS } from "../domain/rollout.ts";
import { DEFAULT_ARCHIVE_LIMITS } from "../domain/source.ts";
import type { DeployRequest } from "./accept-upload.ts";
import { Intake } from "./intake.ts";

const PROJECT = { id: "p", name: "default", slug: "default", networkIndex: 0, createdAt: 0, updatedAt: 0 };
const FIELDS = { name: "hello", tag: "hello:1", runtime: "node", port: 9002, volume: "", volumes: [] };
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
      readFile: async (_id, path) => new TextEncoder().encode(files[path]),
    },
    runtimes: {
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
    deployments: { get: async (id) => sampleDeployment(id, "s", { status: "healthy" }) },
    events: SILENT,
  });
  const manifest = { name: "hello", settings: DEFAULT_SETTINGS, noCache: false, isHeld: false };
  const deploy = (runtime?: string) => intake.deployFunction(PROJECT, { ...manifest, runtime }, "/upload");
  return { intake, imported, requests, deploy };
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
