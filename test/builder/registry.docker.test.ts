import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { EngineImageBuilder } from "../../src/builder/image-builder.ts";
import { ImageRegistry } from "../../src/builder/image-registry.ts";
import { DEFAULT_BUILD_LIMITS } from "../../src/domain/build.ts";
import { isAppError } from "../../src/domain/errors.ts";
import type { RegistryLogin } from "../../src/domain/registry.ts";
import { newId } from "../../src/lib/ids.ts";
import { REGISTRY_USER, startRegistry, type TestRegistry } from "../support/test-registry.ts";
import { type BuildBench, openBuildBench } from "./build-bench.ts";

let bench: BuildBench;
let registry: TestRegistry;
let login: RegistryLogin;
before(async () => {
  [bench, registry] = await Promise.all([openBuildBench(), startRegistry()]);
  login = { host: registry.host, ...REGISTRY_USER };
});
const remotes = new Set<string>();
afterEach(async () => {
  for (const remote of remotes) await bench.driver.removeImage(remote);
  remotes.clear();
});
after(async () => {
  await bench.close();
  await registry.close();
});

const signal = new AbortController().signal;
const quiet = (): void => undefined;

function builderFor(target: string | null, given: RegistryLogin | undefined = login): EngineImageBuilder {
  const logins = { findFor: async (reference: string) => (reference.startsWith(registry.host) ? given : undefined) };
  return new EngineImageBuilder({
    ...bench.builderOptions,
    limits: DEFAULT_BUILD_LIMITS,
    registry: new ImageRegistry({ images: bench.driver, logins, target }),
  });
}

/** An image that is in the registry only, and asks for the password. */
async function privateImage(name: string): Promise<string> {
  const remote = `${registry.host}/${name}:1`;
  const { image } = await bench.build({ Dockerfile: "FROM scratch\nCOPY a /a\n", a: newId() });
  remotes.add(remote);
  await bench.driver.tagImage(image, remote);
  await bench.driver.pushImage(remote, login, quiet, signal);
  await bench.driver.removeImage(image);
  await bench.driver.removeImage(remote);
  return remote;
}

test("a login is checked by the registry itself", async () => {
  await bench.driver.checkLogin(login);
  const wrong = bench.driver.checkLogin({ ...login, password: "wrong" });
  await assert.rejects(
    wrong,
    (error: unknown) => isAppError(error, "unauthorized") && !error.message.includes("wrong"),
  );
  await assert.rejects(bench.driver.checkLogin({ ...login, host: "127.0.0.1:1" }), { code: "bad_gateway" });
});

test("an image is pushed and pulled with the login, and refused without", async () => {
  const remote = await privateImage("team/plain");
  assert.ok((await registry.repositories()).includes("team/plain"));
  await assert.rejects(bench.driver.pullImage(remote, undefined, quiet, signal), { code: "unauthorized" });
  const lines: string[] = [];
  await bench.driver.pullImage(remote, login, (line) => lines.push(line), signal);
  assert.ok((await bench.driver.findImage(remote)) !== undefined);
  assert.ok(lines.length > 0 && lines.length < 20, lines.join("\n"));
  await assert.rejects(bench.driver.pushImage(remote, undefined, quiet, signal), { code: "unauthorized" });
  await assert.rejects(bench.driver.pullImage(`${registry.host}/team/none:1`, login, quiet, signal), {
    code: "not_found",
  });
  await assert.rejects(bench.driver.pullImage("127.0.0.1:1/a:1", undefined, quiet, signal), { code: "bad_gateway" });
});

test("a private base image is fetched with the login before the build, the log says so, no password in it", async () => {
  const base = await privateImage("team/base");
  const request = await bench.requestFor({ Dockerfile: `FROM ${base}\nCOPY b /b\n`, b: newId() });
  await assert.rejects(builderFor(null, { ...login, password: "wrong" }).build(request, signal), (error: unknown) => {
    assert.ok(isAppError(error, "build_failed"));
    assert.match(error.message, /^Base image .*\/team\/base:1 can't be fetched: The registry .* refuses/);
    return true;
  });
  const again = { ...request, buildId: newId() };
  const built = await builderFor(null).build(again, signal);
  assert.equal(built.wasCached, false);
  const log = await bench.logs.read(again.buildId);
  assert.match(log, /Fetching base image .*\/team\/base:1 as ann\n/);
  assert.ok(!log.includes(REGISTRY_USER.password));
});

test("what is built is pushed; gone from the engine, it is fetched instead of being built again", async () => {
  const builder = builderFor(`${registry.host}/acme`);
  const request = await bench.requestFor({ Dockerfile: "FROM scratch\nCOPY a /a\n", a: newId() });
  const first = await builder.build(request, signal);
  assert.match(await bench.logs.read(request.buildId), /Pushing .*\/acme\/default\/hello:/);
  assert.deepEqual((await bench.driver.findImage(first.image))?.tags, [first.image]);
  assert.equal(await bench.driver.removeImage(first.image), true);
  const again = { ...request, buildId: newId() };
  assert.deepEqual(await builder.build(again, signal), { ...first, wasCached: true });
  assert.match(await bench.logs.read(again.buildId), /Fetched .*\/acme\/default\/hello:/);
  assert.deepEqual((await bench.driver.findImage(first.image))?.tags, [first.image]);
});

test("the very image a deployment had is fetched, whatever a build would give now", async () => {
  const builder = builderFor(`${registry.host}/acme`);
  const request = await bench.requestFor({ Dockerfile: "FROM scratch\nCOPY a /a\n", a: newId() });
  const { image } = await builder.build(request, signal);
  await bench.driver.removeImage(image);
  const changed = { ...request, buildId: newId(), buildArgs: { OTHER: "1" }, wantedImage: image };
  assert.equal((await builder.build(changed, signal)).image, image);
  await bench.driver.removeImage(image);
  // Another service's is not ours to run, whatever its name.
  const others = { ...changed, buildId: newId(), serviceId: "another" };
  assert.notEqual((await builder.build(others, signal)).image, image);
});

test("a push that fails fails the build with the registry's words, and the next build pushes what is there", async () => {
  const request = await bench.requestFor({ Dockerfile: "FROM scratch\nCOPY a /a\n", a: newId() });
  const refused = builderFor(`${registry.host}/other`, { ...login, password: "wrong" }).build(request, signal);
  await assert.rejects(refused, (error: unknown) => {
    assert.ok(isAppError(error, "build_failed"));
    assert.match(
      error.message,
      /^The image was built, but .*\/other\/default\/hello:\S+ can't be pushed: The registry/,
    );
    return true;
  });
  const again = { ...request, buildId: newId() };
  assert.equal((await builderFor(`${registry.host}/other`).build(again, signal)).wasCached, true);
  assert.ok((await registry.repositories()).includes("other/default/hello"));
});

test("a registry that is away is no reason not to build, but one not to have pushed", async () => {
  const request = await bench.requestFor({ Dockerfile: "FROM scratch\nCOPY a /a\n", a: newId() });
  const away = builderFor("127.0.0.1:1/acme", undefined).build(request, signal);
  await assert.rejects(away, { code: "build_failed", message: /can't be pushed: The registry 127\.0\.0\.1:1/ });
  assert.match(await bench.logs.read(request.buildId), /Built .*hello/);
});
