/** Builds use the host's own ways to packages, and an image has nothing of them: no file, no history, no configuration. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { extract } from "tar-stream";
import { newId } from "../../src/lib/ids.ts";
import { type BuildBench, openBuildBench } from "./build-bench.ts";

const TOKEN = `token-${newId()}`;
const PUBLIC_REGISTRY = "https://registry.npmjs.org";

let bench: BuildBench;
let mirror: Awaited<ReturnType<typeof openMirror>>;
before(async () => {
  bench = await openBuildBench();
  mirror = await openMirror();
});
after(async () => {
  mirror.close();
  await bench.close();
});

/** A registry that passes everything on, at an address that builds reach, and remembers who asked. */
async function openMirror() {
  const [docker0] = (await bench.docker.getNetwork("bridge").inspect()).IPAM?.Config ?? [];
  const credentials = new Set<string | undefined>();
  const server = createServer((request, response) => {
    credentials.add(request.headers.authorization);
    fetch(PUBLIC_REGISTRY + request.url, { headers: { accept: request.headers.accept ?? "*/*" } }).then(
      async (answer) => {
        response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
        response.end(Buffer.from(await answer.arrayBuffer()));
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, docker0?.Gateway ?? "0.0.0.0", resolve));
  const { address, port } = server.address() as AddressInfo;
  return { host: `${address}:${port}`, credentials, close: () => server.close() };
}

/** Builds without any cache on a host that has the mirror for npm. */
async function build(files: Readonly<Record<string, string>>, runtime?: string): Promise<string> {
  const { host } = mirror;
  const npm = { registry: `http://${host}/`, [`//${host}/:_authToken`]: TOKEN };
  const builder = bench.builderWith({}, { ...bench.hostFacts, npm });
  const request = { ...(await bench.requestFor(files, runtime)), noCache: true };
  return (await builder.build(request, new AbortController().signal)).image;
}

type Found = { readonly paths: readonly string[]; readonly naming: readonly string[] };

/** All paths of the image's file system, and those that name the mirror or its token. */
async function search(image: string): Promise<Found> {
  const { container } = await bench.start(image);
  const tar = extract();
  (await container.export()).pipe(tar);
  const [paths, naming]: [string[], string[]] = [[], []];
  for await (const entry of tar) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(chunk as Uint8Array);
    const content = Buffer.concat(chunks);
    paths.push(entry.header.name);
    if ([mirror.host, TOKEN].some((secret) => content.includes(secret))) naming.push(entry.header.name);
  }
  return { paths, naming };
}

async function assertClean(image: string): Promise<readonly string[]> {
  const about = JSON.stringify([
    await bench.docker.getImage(image).history(),
    (await bench.docker.getImage(image).inspect()).Config,
  ]);
  assert.doesNotMatch(about, /slipway-(?:npmrc|cert|apt|pip|npm)|--mount|cafile|99slipway/);
  assert.ok(!about.includes(mirror.host) && !about.includes(TOKEN));
  const { paths, naming } = await search(image);
  assert.deepEqual(naming, []);
  const ours =
    /(?:^|\/)\.npmrc$|etc\/npmrc$|etc\/pip\.conf$|99slipway|slipway-(?:certificates|apt-sources|npm)|\.npm\/_/;
  assert.deepEqual(
    paths.filter((path) => ours.test(path)),
    [],
  );
  return paths;
}

test("a Dockerfile of one's own: npm as root and as another user, and apt", async () => {
  const dockerfile = `FROM slipway/base-node:24
WORKDIR /app
RUN npm install --no-audit --no-fund is-odd@3.0.1
RUN apt-get update && apt-get install -y --no-install-recommends hello && rm -rf /var/lib/apt/lists
USER node
RUN cd && npm install --no-audit --no-fund is-even@1.0.0
`;
  const paths = await assertClean(await build({ Dockerfile: dockerfile }));
  for (const installed of ["app/node_modules/is-odd/package.json", "home/node/node_modules/is-even/package.json"])
    assert.ok(paths.includes(installed), installed);
  assert.ok(paths.includes("usr/bin/hello"));
  assert.deepEqual([...mirror.credentials], [`Bearer ${TOKEN}`]);
});

test("the node runtime, with a build script", async () => {
  const manifest = {
    dependencies: { "is-odd": "3.0.1" },
    devDependencies: { "is-even": "1.0.0" },
    scripts: { build: "node -e \"require('is-even')\"" },
  };
  const files = { "package.json": JSON.stringify(manifest), "index.js": "exports.handler = () => 1;" };
  const paths = await assertClean(await build(files, "node"));
  assert.ok(paths.includes("app/node_modules/is-odd/package.json"));
  assert.ok(!paths.includes("app/node_modules/is-even/package.json"), "what only the build needed is gone");
});

test("a Dockerfile that brings, writes and removes its own npm settings builds as it would anywhere", async () => {
  const dockerfile = `FROM slipway/base-node:24
WORKDIR /app
COPY own-npmrc /root/.npmrc
RUN test "$(npm config get fund)" = false && npm config set audit=false && grep -q audit=false /root/.npmrc
RUN npm install is-odd@3.0.1 && rm /root/.npmrc
`;
  const image = await build({ Dockerfile: dockerfile, "own-npmrc": "fund=false\n" });
  assert.ok((await assertClean(image)).includes("app/node_modules/is-odd/package.json"));
});

test("curl and wget of root trust what the host trusts", async () => {
  const dockerfile = `FROM slipway/base-node:24
RUN apt-get update && apt-get install -y --no-install-recommends curl wget ca-certificates && rm -rf /var/lib/apt/lists
RUN curl -fsS -o /dev/null ${PUBLIC_REGISTRY}/is-odd && wget -q -O /dev/null ${PUBLIC_REGISTRY}/is-odd
`;
  const paths = await assertClean(await build({ Dockerfile: dockerfile }));
  assert.deepEqual(
    paths.filter((path) => /\.(?:curlrc|wgetrc)$/.test(path)),
    [],
  );
});
