/** Image services on the real engine, with a real registry: had with a login, waited for, cancelled, had again, told truly. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { randomHex } from "../../src/lib/ids.ts";
import { eventually } from "../engine/eventually.ts";
import { ensureTinyImage } from "../engine/tiny-image.ts";
import { publishImage } from "../support/publish-image.ts";
import { SlowDoor } from "../support/slow-door.ts";
import { REGISTRY_USER, startRegistry, type TestRegistry } from "../support/test-registry.ts";
import { createService, deploymentsOf, inProject, outcomeOf, redeploy, statusOf, WEB } from "./image-services.ts";
import { TestServer } from "./test-server.ts";

let registry: TestRegistry;
let slow: SlowDoor;
let server: TestServer;
let app: string;

before(async () => {
  registry = await startRegistry();
  slow = await SlowDoor.open(registry.host);
  server = await TestServer.start();
  app = await publishImage(registry, "app:1", ["EXPOSE 80", "ENV VERSION=v1"]);
});
after(async () => {
  await server.close();
  for (const host of [registry.host, slow.host]) await removeTags(host);
  await slow.close();
  await registry.close();
});

async function removeTags(start: string): Promise<void> {
  for (const { RepoTags } of await server.engine.listImages())
    for (const tag of RepoTags ?? [])
      if (tag.startsWith(start)) await server.engine.getImage(tag).remove({ force: true });
}

const web = { command: ["node", "-e", WEB], private: false };
const headers = { "content-type": "application/json" };
const logIn = (host: string) =>
  server.api({ method: "POST", path: "/api/registries", headers, body: JSON.stringify({ host, ...REGISTRY_USER }) });
const logOf = async (id: string, deploymentId: string) =>
  (await inProject(server, "GET", `/services/${id}/deployments/${deploymentId}/log`)).text;

test("without a login the deployment has failed in the registry's words; with one it is pulled, pinned and serves", async () => {
  const { id } = await createService(server, { ...web, name: "app", image: app });
  const refused = await outcomeOf(server, id);
  assert.equal(refused.status, "failed");
  assert.match(refused.failure_reason ?? "", /^image pull failed: The registry .* refuses/);
  assert.equal(await statusOf(server, id), "failed");
  assert.equal((await logIn(registry.host)).status, 201);
  const pulled = await redeploy(server, id, { image: app, command: web.command });
  assert.equal(pulled.status, "healthy", pulled.failure_reason ?? "");
  await eventually(async () => assert.equal((await server.call("app")).text, "v1"));
  const log = await logOf(id, pulled.id);
  assert.match(log, /Pulling .*acme\/app:1 as ann/);
  assert.match(log, /Status: Downloaded newer image/);
  assert.ok(!`${log}${server.output}`.includes(REGISTRY_USER.password));
  const [container] = await server.engine.listContainers({ filters: { name: [`${server.prefix}-default-app-`] } });
  assert.match(container?.Image ?? "", new RegExp(`^${server.prefix}/pulled/${id}:[0-9a-f]{12}$`));
});

test("its image gone from the engine, it is pulled again", async () => {
  const [service] = (await inProject(server, "GET", "/services?name=app")).json<{ data: { id: string }[] }>().data;
  await inProject(server, "POST", `/services/${service?.id}/stop`);
  await eventually(async () => {
    await removeTags(`${server.prefix}/pulled/`);
    await removeTags(registry.host);
  });
  await inProject(server, "POST", `/services/${service?.id}/start`);
  await eventually(async () => assert.equal((await server.call("app")).text, "v1"), 30_000);
});

test("a registry that can't be reached is asked three times; a name it does not know once", async () => {
  const away = await createService(server, { name: "away", image: "127.0.0.1:1/acme/app:1" });
  const unknown = await createService(server, { name: "unknown", image: `${registry.host}/acme/nothing:1` });
  const [first, second] = [await outcomeOf(server, away.id), await outcomeOf(server, unknown.id)];
  assert.deepEqual([first.status, first.attempt_count], ["failed", 3]);
  assert.match(first.failure_reason ?? "", /^image pull failed: .*connection refused/);
  assert.deepEqual([second.status, second.attempt_count], ["failed", 1]);
});

test("a pull that is under way when control is killed is taken up again; one that is cancelled ends", async () => {
  assert.equal((await logIn(slow.host)).status, 201);
  slow.hold();
  const image = `${slow.host}/acme/app:1`;
  const kept = await createService(server, { ...web, name: "kept", image });
  const dropped = await createService(server, { ...web, name: "dropped", image });
  await eventually(() => assert.ok(slow.waiting > 0));
  process.kill(await server.controlPid(), "SIGKILL");
  const [{ id } = { id: "" }] = await eventually(() => deploymentsOf(server, dropped.id), 30_000);
  await eventually(async () =>
    assert.equal((await inProject(server, "POST", `/services/${dropped.id}/deployments/${id}/cancel`)).status, 200),
  );
  assert.equal((await outcomeOf(server, dropped.id)).status, "cancelled");
  slow.release();
  const outcome = await outcomeOf(server, kept.id);
  assert.equal(outcome.status, "healthy", outcome.failure_reason ?? "");
  await eventually(async () => assert.equal((await server.call("kept")).text, "v1"));
});

test("what never becomes ready has failed with its exit code and last words, and the one before it serves on", async () => {
  const image = await ensureTinyImage();
  const ports = [{ container_port: 80 }];
  const { id } = await createService(server, {
    ...{ ...web, name: "breaks", image, ports, env_vars: { VERSION: "well" } },
  });
  assert.equal((await outcomeOf(server, id)).status, "healthy");
  const command = ["node", "-e", "console.error('no database'); process.exit(7)"];
  const failed = await redeploy(server, id, { command });
  assert.deepEqual(
    [failed.status, failed.failure_reason, failed.exit_code],
    ["failed", "container exited with code 7", 7],
  );
  assert.match(failed.log_tail ?? "", /no database/);
  assert.equal((await server.call("breaks")).text, "well");
  assert.equal(await statusOf(server, id), "running");
});

test("one that ends and shall not be restarted stays down, and its status says how it ended", async () => {
  const image = await ensureTinyImage();
  for (const [code, status] of [
    [0, "stopped"],
    [3, "failed"],
  ] as const) {
    const name = `job-${code}`;
    // It ends when it is asked to, well after it was found ready.
    const program = `require("node:http").createServer((q, r) => { r.end("bye"); r.on("close", () => process.exit(${code})); }).listen(80)`;
    const { id } = await createService(server, {
      ...{
        name,
        image,
        command: ["node", "-e", program],
        ports: [{ container_port: 80 }],
        private: false,
        restart: "no",
      },
    });
    assert.equal((await outcomeOf(server, id)).status, "healthy");
    await eventually(async () => assert.equal((await server.call(name)).text, "bye"));
    await eventually(async () => assert.equal(await statusOf(server, id), status));
    assert.deepEqual(
      await server.engine.listContainers({ filters: { name: [`${server.prefix}-default-${name}-`] } }),
      [],
    );
  }
});

test("of a removed service no pinned image stays", async () => {
  const name = `gone-${randomHex(2)}`;
  const { id } = await createService(server, { ...web, name, image: app });
  assert.equal((await outcomeOf(server, id)).status, "healthy");
  assert.equal((await inProject(server, "DELETE", `/services/${id}`)).status, 200);
  assert.equal((await inProject(server, "POST", "/deploy")).status, 200);
  await eventually(async () => {
    const tags = (await server.engine.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []);
    assert.ok(!tags.some((tag) => tag.startsWith(`${server.prefix}/pulled/${id}:`)));
  }, 60_000);
});
