import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeServer, sendError, sendJson } from "../testing/fake-server.ts";
import { Home } from "../testing/run-slipway.ts";

const VIEW = { host: "reg:5000", username: "ann", created_at: "2026", updated_at: "2026" };
const LOGIN = ["registry", "login", "https://REG:5000/", "-u", "ann"];

test("a login goes to the server with the password of standard input; it is on no output", async () => {
  await using server = await FakeServer.open();
  await using home = await Home.open();
  server.routes.set("POST /api/registries", (_, response) => sendJson(response, 201, VIEW));
  const { status, stdout, stderr } = await home.on(server, [...LOGIN, "--password-stdin"], { stdin: "pass word\n" });
  assert.equal(status, 0, stderr);
  assert.equal(stdout, "reg:5000: logged in as ann\n");
  assert.ok(!`${stdout}${stderr}`.includes("pass word"));
  assert.deepEqual(JSON.parse(server.asked.at(-1)?.body.toString() ?? ""), {
    host: "reg:5000",
    username: "ann",
    password: "pass word",
  });
});

test("what the registry refuses is told, and the exit status is 1", async () => {
  await using server = await FakeServer.open();
  await using home = await Home.open();
  server.routes.set("POST /api/registries", (_, response) =>
    sendError(response, 400, "invalid", "reg:5000 does not accept this username and password; nothing was stored."),
  );
  const { status, stderr } = await home.on(server, [...LOGIN, "--password-stdin"], { stdin: "wrong" });
  assert.equal(status, 1);
  assert.match(stderr, /does not accept/);
});

test("without a terminal user and password must be handed over, and nothing is sent else", async () => {
  await using server = await FakeServer.open();
  await using home = await Home.open();
  for (const [words, stdin] of [
    [LOGIN, "pw"],
    [["registry", "login", "reg", "--password-stdin"], "pw"],
    [[...LOGIN, "--password-stdin"], ""],
  ] as const)
    assert.equal((await home.on(server, words, { stdin })).status, 2);
  assert.equal((await home.on(server, ["registry", "login", "reg/team", "-u", "a", "--password-stdin"])).status, 1);
  assert.deepEqual(server.asked, []);
});

test("list and logout", async () => {
  await using server = await FakeServer.open();
  await using home = await Home.open();
  server.routes.set("GET /api/registries", (_, response) => sendJson(response, 200, { data: [VIEW] }));
  server.routes.set("DELETE /api/registries", (_, response) => void response.writeHead(204).end());
  assert.match((await home.on(server, ["registry", "list"])).stdout, /^HOST +USER +SINCE\nreg:5000 +ann/);
  assert.equal((await home.on(server, ["registry", "logout", "REG:5000"])).stdout, "reg:5000: login forgotten\n");
  assert.equal(server.calls.at(-1), "DELETE /api/registries?host=reg%3A5000");
});
