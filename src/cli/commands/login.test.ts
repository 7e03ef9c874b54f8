import assert from "node:assert/strict";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CLAIM_TOKEN, FakeServer, sendError, sendJson, TOKEN } from "../testing/fake-server.ts";
import { Home } from "../testing/run-slipway.ts";

test("login stores address and token for their owner alone, and later commands use them", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  const login = await home.run(["login", server.url, "--token-stdin"], { stdin: `${TOKEN}\n` });
  assert.equal(login.status, 0);
  assert.equal(login.stdout, `Logged in to ${server.url} (slipway 0.1.0).\n`);
  const path = join(home.path, ".config/slipway/config.json");
  assert.deepEqual(JSON.parse(await readFile(path, "utf8")), { url: server.url, token: TOKEN });
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal((await stat(join(path, ".."))).mode & 0o777, 0o700);
  assert.equal((await home.run(["list"])).status, 0);
});

test("a wrong token exits 1 and stores nothing; a stored login stays", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  const wrong = ["login", server.url, "--token-stdin"];
  const { status, stderr } = await home.run(wrong, { stdin: "wrong" });
  assert.equal(status, 1);
  assert.match(stderr, /does not accept this token; nothing was stored/);
  assert.match((await home.run(["list"], { env: { SLIPWAY_ADDR: ":1" } })).stderr, /No server is known/);
  await home.run(wrong, { stdin: TOKEN });
  await home.run(wrong, { stdin: "wrong" });
  assert.equal((await home.run(["list"])).status, 0);
});

test("XDG_CONFIG_HOME is honoured, and logout forgets, twice as well as once", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  const env = { XDG_CONFIG_HOME: join(home.path, "xdg"), SLIPWAY_ADDR: ":1" };
  await home.run(["login", server.url, "--token-stdin"], { stdin: TOKEN, env });
  assert.equal((await stat(join(home.path, "xdg/slipway/config.json"))).isFile(), true);
  assert.equal((await home.run(["logout"], { env })).status, 0);
  assert.equal((await home.run(["logout"], { env })).status, 0);
  assert.equal((await home.run(["list"], { env })).status, 1);
});

test("without a terminal login says how to hand the token over, and an empty one is refused", async () => {
  await using home = await Home.open();
  const asked = await home.run(["login", "http://127.0.0.1:1"]);
  assert.equal(asked.status, 2);
  assert.match(asked.stderr, /--token-stdin/);
  assert.equal((await home.run(["login", "--token-stdin"], { stdin: " \n" })).status, 2);
});

test("claim trades the one-time token, given by flag, standard input or claim address, for a login", async () => {
  for (const how of ["flag", "stdin", "address"]) {
    await using home = await Home.open();
    await using server = await FakeServer.open();
    const argv = {
      flag: ["claim", server.url, "--token", CLAIM_TOKEN],
      stdin: ["claim", server.url, "--token-stdin"],
      address: ["claim", `${server.url}/setup?token=${CLAIM_TOKEN}`],
    }[how];
    const { status } = await home.run(argv ?? [], { stdin: CLAIM_TOKEN });
    assert.equal(status, 0, how);
    assert.equal((await home.run(["list"])).status, 0, how);
  }
});

test("claim on the server's machine takes the passfile; a used-up token exits 1 with nothing stored", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  await writeFile(join(home.path, ".passfile"), `${TOKEN}\n`);
  assert.equal((await home.run(["claim", server.url])).status, 0);
  await home.run(["logout"]);
  const { status, stderr } = await home.run(["claim", server.url, "--token", "old"]);
  assert.equal(status, 1);
  assert.match(stderr, /used up or wrong/);
});

test("on the server's machine no login is needed: the passfile and the local address do", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  await writeFile(join(home.path, "pass"), TOKEN);
  const env = { SLIPWAY_ADDR: `:${new URL(server.url).port}`, SLIPWAY_PASSFILE: "pass" };
  assert.equal((await home.run(["list"], { env })).status, 0);
});

test("a stored token is sent to no server but its own", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  await using other = await FakeServer.open();
  await home.run(["login", server.url, "--token-stdin"], { stdin: TOKEN });
  const { status, stderr } = await home.run(["list"], { env: { SLIPWAY_URL: other.url } });
  assert.equal(status, 1);
  assert.match(stderr, /There is no token for/);
  assert.deepEqual(other.asked, []);
});

test("a stored login that can't be read says how to get rid of it", async () => {
  await using home = await Home.open();
  await mkdir(join(home.path, ".config/slipway"), { recursive: true });
  await writeFile(join(home.path, ".config/slipway/config.json"), "{");
  assert.match((await home.run(["list"])).stderr, /slipway logout/);
});

test("login --email trades the password for an API key made for this machine, and stores that", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  server.routes.set("POST /api/auth/login", (_, response) => sendJson(response, 200, { access_token: TOKEN }));
  server.routes.set("POST /api/api-keys", (_, response) => sendJson(response, 201, { id: "k", token: TOKEN }));
  const argv = ["login", server.url, "--email", "ann@example.com", "--password-stdin"];
  const { status, stdout, stderr } = await home.run(argv, { stdin: "correct horse\n" });
  assert.equal(status, 0, stderr);
  assert.ok(!`${stdout}${stderr}`.includes("correct horse"));
  const [login, key] = server.asked.map(({ body }) => (body.length === 0 ? {} : JSON.parse(body.toString())));
  assert.deepEqual(login, { email: "ann@example.com", password: "correct horse" });
  assert.deepEqual(key, { description: `slipway login on ${hostname()}`, expires_at: null });
  const stored = await readFile(join(home.path, ".config/slipway/config.json"), "utf8");
  assert.deepEqual(JSON.parse(stored), { url: server.url, token: TOKEN });
});

test("login --email: a wrong password stores nothing; without a terminal it says how to hand it over", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  server.routes.set("POST /api/auth/login", (_, response) =>
    sendError(response, 401, "unauthorized", "Invalid email or password."),
  );
  const email = ["login", server.url, "--email", "ann@example.com"];
  const wrong = await home.run([...email, "--password-stdin"], { stdin: "wrong" });
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /Invalid email or password\. Nothing was stored/);
  assert.match((await home.run(["list"], { env: { SLIPWAY_ADDR: ":1" } })).stderr, /No server is known/);
  for (const [argv, stdin] of [
    [email, "x"],
    [[...email, "--password-stdin"], ""],
    [[...email, "--token-stdin"], "x"],
    [["login", server.url, "--password-stdin"], "x"],
  ] as const)
    assert.equal((await home.run(argv, { stdin })).status, 2);
});
