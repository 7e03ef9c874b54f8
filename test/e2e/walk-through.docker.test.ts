/** docs/walk-through.sh as it stands in the documents, once for each runtime that can be built here. */

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { readHostFacts } from "../../src/builder/read-host-facts.ts";
import { randomHex } from "../../src/lib/ids.ts";
import { run } from "../../src/lib/run.ts";
import { REPOSITORY } from "./command-line.ts";
import { TestServer } from "./test-server.ts";

let server: TestServer;

before(async () => {
  server = await TestServer.start();
});
after(() => server.close());

/** What a plain `docker build` of each exported folder builds on, and the port its image listens on. */
const RUNTIMES: Readonly<Record<string, string>> = {
  node: "slipway/base-node:24",
  python: "slipway/base-python:3",
  static: "slipway/base-node:24",
  express: "slipway/base-node:24",
  flask: "slipway/base-python:3",
  crystal: "slipway/base-debian:bookworm",
};

/** The base image with this machine's ways to registries in it, for builds that Slipway has no hand in. */
async function baseForThisMachine(base: string): Promise<string> {
  const facts = await readHostFacts({ root: "/", home: process.env.HOME ?? "/root", env: process.env });
  const folder = join(server.folder, `base-${randomHex(4)}`);
  await mkdir(folder);
  const certificates = "/etc/slipway-certificates.pem";
  const npm = Object.entries(facts.npm).map(([key, value]) => `${key}=${value}`);
  const apt = Object.entries(facts.apt).map(([key, value]) => `${key} ${JSON.stringify(value)};`);
  const files: Readonly<Record<string, string>> = {
    npmrc: [...npm, ...(facts.certificates === "" ? [] : [`cafile=${certificates}`])].join("\n"),
    "apt.conf": [
      ...apt,
      ...(facts.certificates === "" ? [] : [`Acquire::https::CaInfo "${certificates}";`]),
      ...(facts.aptSources === "" ? [] : ['Dir::Etc::sourcelist "/etc/host.list";', 'Dir::Etc::sourceparts "-";']),
    ].join("\n"),
    "host.list": facts.aptSources,
    "certificates.pem": facts.certificates,
    Dockerfile: [
      `FROM ${base}`,
      `COPY certificates.pem ${certificates}`,
      "COPY npmrc /usr/local/etc/npmrc",
      "COPY npmrc /root/.npmrc",
      "COPY apt.conf /etc/apt/apt.conf.d/99host",
      "COPY host.list /etc/host.list",
      "",
    ].join("\n"),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), `${text}\n`);
  const tag = `${server.prefix}/walk-base:${randomHex(4)}`;
  const built = await run("docker", ["build", "--quiet", "--tag", tag, folder], { timeoutMs: 120_000 });
  assert.equal(built.exitCode, 0, built.stderr);
  return tag;
}

for (const [runtime, base] of Object.entries(RUNTIMES)) {
  test(`docs/walk-through.sh ${runtime}`, async () => {
    const env = {
      PATH: process.env.PATH,
      HOME: server.folder,
      SLIPWAY: join(REPOSITORY, "bin/slipway"),
      SLIPWAY_ADDR: `127.0.0.1:${server.port}`,
      PORT: String(server.port),
      NAME: `walk-${runtime}`,
      BUILD_FLAGS: `--build-arg BASE_IMAGE=${await baseForThisMachine(base)}`,
    };
    const walk = await run(join(REPOSITORY, "docs/walk-through.sh"), [runtime], {
      env,
      cwd: server.folder,
      timeoutMs: 300_000,
    });
    assert.equal(walk.exitCode, 0, `${walk.stdout}\n${walk.stderr}`);
    assert.match(walk.stdout, new RegExp(`${runtime}: done\\n$`));
  });
}
