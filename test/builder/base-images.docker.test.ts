/** The base images as they are on the engine: made once, and with nothing of this machine in them. */

import assert from "node:assert/strict";
import { homedir, tmpdir } from "node:os";
import { after, before, test } from "node:test";
import { extract } from "tar-stream";
import { buildBaseImages } from "../../src/builder/base-images.ts";
import { hostBaseOptions } from "../../src/builder/host-base-options.ts";
import { readTarEntry } from "../../src/builder/tar-entry.ts";
import { type BuildBench, openBuildBench } from "./build-bench.ts";

let bench: BuildBench;
before(async () => {
  bench = await openBuildBench();
});
after(() => bench.close());

test("images that are there are not made again", async () => {
  const options = await hostBaseOptions({ root: "/", home: homedir(), env: process.env }, tmpdir());
  const lines: string[] = [];
  const engine = { build: () => assert.fail("built again"), importImage: () => assert.fail("imported again") };
  const signal = new AbortController().signal;
  const images = await buildBaseImages(
    { engine, images: bench.driver, ...options },
    (line) => lines.push(line),
    signal,
  );
  assert.deepEqual(
    images.map((image) => image.wasThere),
    [true, true, true],
  );
  assert.equal(lines.length, 3);
});

for (const image of ["slipway/base-node:24", "slipway/base-python:3"]) {
  test(`${image} names Debian's own hosts and has nothing of this machine`, async () => {
    const texts = await textsOf(
      image,
      /^etc\/(?:apt\/.*|resolv\.conf|hostname|pip\.conf)$|^root\/\.npmrc$|^usr\/local\/etc\/.+/,
    );
    const sources = Object.entries(texts).filter(([path]) => /^etc\/apt\/sources/.test(path));
    assert.deepEqual(sources.map(([path]) => path).sort(), ["etc/apt/sources.list", "etc/apt/sources.list.d/"]);
    for (const line of (texts["etc/apt/sources.list"] ?? "").trim().split("\n")) {
      assert.match(line, /^deb http:\/\/deb\.debian\.org\/debian(?:-security)? \S+ main$/);
    }
    for (const path of ["etc/pip.conf", "root/.npmrc", "usr/local/etc/npmrc"]) assert.equal(texts[path], undefined);
    assert.equal(texts["etc/resolv.conf"] ?? "", "");
    assert.ok(!Object.keys(texts).some((path) => path.includes("mmdebstrap") || path.includes("99slipway")));
  });
}

/** Texts by path of what matches in any layer of the image; `""` for folders. */
async function textsOf(image: string, wanted: RegExp): Promise<Readonly<Record<string, string>>> {
  const archive = extract();
  (await bench.docker.getImage(image).get()).pipe(archive);
  const texts: Record<string, string> = {};
  for await (const layer of archive) {
    if (!layer.header.name.endsWith("layer.tar")) {
      layer.resume();
      continue;
    }
    for await (const entry of layer.pipe(extract())) {
      const path = entry.header.name.replace(/^\.\//, "");
      if (wanted.test(path)) texts[path] = (await readTarEntry(entry)).toString();
      else entry.resume();
    }
  }
  return texts;
}
