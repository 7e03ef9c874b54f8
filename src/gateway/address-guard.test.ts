import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Server } from "node:net";
import { test } from "node:test";
import { AddressGuard } from "./address-guard.ts";

function listen(): Promise<Server> {
  const server = createServer();
  return new Promise((resolve) => server.listen({ host: "127.0.0.1", port: 0 }, () => resolve(server)));
}

test("an address is free, then somebody else's, then free again", async () => {
  const guard = new AddressGuard();
  const server = await listen();
  const { port } = server.address() as AddressInfo;
  assert.equal(await guard.mayListen({ host: "127.0.0.1", port }), false);
  await new Promise((resolve) => server.close(resolve));
  const answers = await Promise.all([1, 2, 3].map(() => guard.mayListen({ host: "127.0.0.1", port })));
  assert.deepEqual(answers, [true, true, true], "questions at the same time must not find each other");
});

test("what workers of this holder listen on may be shared until the last of them has ended", async () => {
  const guard = new AddressGuard();
  const server = await listen();
  const address = { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
  guard.listens(address, 1);
  guard.listens(address, 2);
  guard.forget(1);
  assert.equal(await guard.mayListen(address), true);
  guard.forget(2);
  assert.equal(await guard.mayListen(address), false);
  server.close();
});
