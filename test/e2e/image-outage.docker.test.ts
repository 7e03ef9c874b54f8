/** An engine that goes away in the middle of a pull: the deployment waits for it and does not fail. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventually } from "../engine/eventually.ts";
import { PrivateEngine } from "../engine/private-engine.ts";
import { publishImage } from "../support/publish-image.ts";
import { SlowDoor } from "../support/slow-door.ts";
import { REGISTRY_USER, startRegistry, type TestRegistry } from "../support/test-registry.ts";
import { createService, deploymentsOf, outcomeOf, WEB } from "./image-services.ts";
import { TestServer } from "./test-server.ts";

let engine: PrivateEngine;
let registry: TestRegistry;
let door: SlowDoor;
let server: TestServer;

before(async () => {
  engine = await PrivateEngine.start();
  registry = await startRegistry();
  door = await SlowDoor.open(registry.host);
  await publishImage(registry, "app:1", ["EXPOSE 80", "ENV VERSION=v1"]);
  server = await TestServer.start({ env: { SLIPWAY_DOCKER_SOCKET: engine.socketPath } });
});
after(async () => {
  // A server can't clear up on an engine that is away; then all of it goes with the engine.
  const ends = [() => server.close(), () => door.close(), () => registry.close(), () => engine.close()];
  const errors: unknown[] = [];
  for (const end of ends) await end().catch((error: unknown) => void errors.push(error));
  if (errors.length > 0) throw new AggregateError(errors, "not everything could be cleared up");
});

test("an engine that is killed in the middle of a pull and comes back pulls again, and no try counts as failed", async () => {
  const login = JSON.stringify({ host: door.host, ...REGISTRY_USER });
  const headers = { "content-type": "application/json" };
  assert.equal((await server.api({ method: "POST", path: "/api/registries", headers, body: login })).status, 201);
  door.hold();
  const image = `${door.host}/acme/app:1`;
  const { id } = await createService(server, { name: "app", image, command: ["node", "-e", WEB], private: false });
  await eventually(() => assert.ok(door.waiting > 0));
  await engine.kill();
  await eventually(() => assert.match(server.output, /event stream/));
  const [coming] = await deploymentsOf(server, id);
  assert.match(coming?.status ?? "", /^(building|pending)$/);
  await engine.run();
  door.release();
  const outcome = await outcomeOf(server, id);
  assert.deepEqual([outcome.status, outcome.attempt_count], ["healthy", 0], outcome.failure_reason ?? "");
  await eventually(async () => assert.equal((await server.call("app")).text, "v1"));
});
