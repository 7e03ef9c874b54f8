/** Runtimes in FaaSO's own syntax, unchanged: they render to Dockerfiles, with and without what a funko asks for. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { baseImagesOf, parseDockerfile } from "../../src/builder/dockerfile.ts";
import { openRuntimeFolder, readRuntimeFiles, readTemplate } from "../../src/builder/runtime-folder.ts";
import type { RuntimeOptions } from "../../src/domain/runtime.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures/faaso");

for (const name of ["express", "flask", "kemal"]) {
  const folder = join(FIXTURES, "runtimes", name);

  const stepsOf = async (options: RuntimeOptions) => {
    const opened = await openRuntimeFolder(folder, { name });
    const { dockerfile, files } = await readRuntimeFiles(opened, { name: "hello", options });
    assert.doesNotMatch(dockerfile, /\{\{|\{%|undefined/);
    assert.deepEqual(baseImagesOf(dockerfile, {}), ["alpine"]);
    return { steps: parseDockerfile(dockerfile), files };
  };

  test(`FaaSO's ${name} renders with the options of a funko.yml`, async () => {
    const { options } = parse(await readFile(join(FIXTURES, "funkos", name, "funko.yml"), "utf8"));
    const { steps, files } = await stepsOf({ ...options, ship_packages: ["tini", "git"], devel_packages: ["make"] });
    const [first, second] = steps.filter(({ value }) => value.includes("apk add")).map(({ value }) => value);
    assert.match(first ?? "", name === "kemal" ? /tini, git make$/ : /tini git make$/);
    assert.match(second ?? "", /curl tini git$/);
    assert.deepEqual(
      steps.filter(({ value }) => value.startsWith("--from=build")).map(({ value }) => value),
      options.copy_from_build.map((pair: string) => `--from=build /home/app/${pair}`),
    );
    const check = steps.find(({ keyword }) => keyword === "HEALTHCHECK")?.value;
    assert.equal(check, `${options.healthcheck_options} CMD ${options.healthcheck_command}`);
    assert.deepEqual(
      files.map(({ path }) => path),
      name === "flask" ? ["run.sh"] : [],
    );
  });

  test(`FaaSO's ${name} renders when a funko.yml names no options at all`, async () => {
    const { steps } = await stepsOf({});
    assert.deepEqual(
      steps.filter(({ keyword }) => keyword === "FROM").map(({ value }) => value.split(" ").at(-1)),
      ["build", "ship"],
    );
    assert.ok(!steps.some(({ value }) => value.startsWith("--from=build")));
  });

  test(`the template of FaaSO's ${name} is a funko.yml`, async () => {
    const [funko] = await readTemplate(await openRuntimeFolder(folder, { name }), { name: "hello", options: {} });
    const { name: called, runtime, options } = parse(Buffer.from(funko?.content ?? "").toString());
    assert.deepEqual([funko?.path, called, runtime], ["funko.yml", "hello", name]);
    assert.deepEqual(options.ship_packages, []);
  });
}
