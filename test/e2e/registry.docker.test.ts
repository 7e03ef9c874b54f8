import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventually } from "../engine/eventually.ts";
import { REGISTRY_USER, startRegistry, type TestRegistry } from "../support/test-registry.ts";
import { done, slipway } from "./command-line.ts";
import { TestServer } from "./test-server.ts";
import { addTinyRuntime, deploy, outcome, upload } from "./uploads.ts";

let registry: TestRegistry;
let server: TestServer;
before(async () => {
  registry = await startRegistry();
  server = await TestServer.start({ env: { SLIPWAY_REGISTRY: `${registry.host}/acme/` } });
  await addTinyRuntime(server);
});
after(async () => {
  await server.close();
  await registry.close();
});

const headers = { "content-type": "application/json" };

function logIn(password: string) {
  const body = JSON.stringify({ host: registry.host, username: REGISTRY_USER.username, password });
  return server.api({ method: "POST", path: "/api/registries", headers, body });
}

test("a wrong password is refused and nothing stored; until there is a login a build that can't be pushed fails", async () => {
  const wrong = await logIn("wrong-password");
  assert.equal(wrong.status, 400);
  assert.match(wrong.text, /does not accept this username and password; nothing was stored/);
  assert.deepEqual((await server.api({ path: "/api/registries" })).json(), { data: [] });
  assert.equal((await upload(server, { name: "early" })).status, 200);
  const { status, error } = await outcome(server, "early");
  assert.equal(status, "failed");
  assert.match(String(error), /can't be pushed: The registry/);
});

test("with a login what is built is pushed, and the log says so", async () => {
  assert.equal((await logIn(REGISTRY_USER.password)).status, 201);
  assert.match(await done(server, ["registry", "list"]), new RegExp(`${registry.host} +ann`));
  await deploy(server, { name: "pushed" });
  assert.ok((await registry.repositories()).includes("acme/default/pushed"));
  const log = await done(server, ["logs", "pushed", "--build"]);
  assert.match(log, /Pushing .*\/acme\/default\/pushed:/);
  assert.ok(!`${log}${server.output}`.includes(REGISTRY_USER.password));
});

test("an image that is gone from the engine is fetched from there, and its function starts again", async () => {
  await done(server, ["stop", "pushed"]);
  const images = (await server.api({ path: "/api/functions/pushed" })).json<{ images: { tags: string[] }[] }>().images;
  await eventually(async () => {
    for (const tag of images.flatMap(({ tags }) => tags)) {
      const image = server.engine.getImage(tag);
      await image.remove().catch((error: { statusCode?: number }) => {
        if (error.statusCode !== 404) throw error;
      });
    }
  });
  await done(server, ["start", "pushed"]);
  await eventually(async () => assert.equal((await server.call("pushed")).text, "hello from pushed"), 30_000);
  const log = await eventually(async () => {
    const text = await done(server, ["logs", "pushed", "--build"]);
    assert.match(text, /Fetched .*\/acme\/default\/pushed:/);
    return text;
  });
  assert.doesNotMatch(log, /COPY/);
});

test("after a logout the login is gone", async () => {
  await done(server, ["registry", "logout", registry.host]);
  assert.equal((await slipway(server, ["registry", "logout", registry.host])).exitCode, 1);
  assert.match(await done(server, ["registry", "list"]), /No logins/);
});
