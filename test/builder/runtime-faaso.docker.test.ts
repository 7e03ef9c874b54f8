/** Funkos with FaaSO's file names and funko.yml, unchanged, over the built-in runtimes of the same names. */

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parse } from "yaml";
import { eventually } from "../engine/eventually.ts";
import { type BuildBench, openBuildBench } from "./build-bench.ts";
import { startTemplate } from "./runtime-bench.ts";

const FUNKOS = join(import.meta.dirname, "../fixtures/faaso/funkos");

let bench: BuildBench;
before(async () => {
  bench = await openBuildBench();
});
after(() => bench.close());

for (const name of ["express", "flask"]) {
  test(`a funko for ${name} builds and runs as it is, its health check for plain docker, too`, async () => {
    const folder = join(FUNKOS, name);
    const paths = await readdir(folder);
    const files = Object.fromEntries(
      await Promise.all(paths.map(async (path) => [path, await readFile(join(folder, path), "utf8")] as const)),
    );
    const { options } = parse(files["funko.yml"] ?? "");
    const { url, image, exec } = await startTemplate(bench, name, { files: () => files, options });
    assert.equal(await (await eventually(() => fetch(url))).text(), "Hello from a funko!");
    assert.equal(await (await fetch(`${url}/ping`)).text(), "OK");
    const { Config } = await bench.docker.getImage(image).inspect();
    assert.deepEqual(Config.Healthcheck?.Test, ["CMD-SHELL", options.healthcheck_command]);
    assert.match(await exec(["sh", "-c", options.healthcheck_command]), /OK/);
    // Only what copy_from_build names is shipped.
    const shipped = (await exec(["ls", "/home/app"])).trim().split(/\s+/);
    assert.ok(!shipped.includes("funko.yml") && !shipped.includes("Dockerfile"), shipped.join());
  });

  test(`for ${name}, what copy_from_build names and the build did not make fails it by name`, async () => {
    const files = () => ({ "funko.js": "", "funko.py": "app = 1" });
    const building = startTemplate(bench, name, { files, options: { copy_from_build: ["publik public"] } });
    await assert.rejects(building, /publik.*not found/s);
  });
}

test("a run.sh as FaaSO's flask has it is served by uwsgi", async () => {
  const files = (template: Readonly<Record<string, string>>) => ({
    ...template,
    "run.sh": "#!/bin/sh\nuwsgi --plugins http,python -H venv --http 0.0.0.0:3000 --master -p 1 -w funko:app\n",
  });
  const { url } = await startTemplate(bench, "flask", { files });
  assert.match(await (await eventually(() => fetch(url))).text(), /Hello from Flask/);
});
