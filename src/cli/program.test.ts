import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { Writable } from "node:stream";
import { test } from "node:test";
import { ERROR_CODES } from "../domain/errors.ts";
import { run } from "../lib/run.ts";
import { exitStatusOf } from "./exit-codes.ts";
import { RemoteError } from "./remote-error.ts";
import { FakeServer, sendError, sendJson } from "./testing/fake-server.ts";
import { Home } from "./testing/run-slipway.ts";
import { DEPLOYMENT_ID, deploymentView, functionView } from "./testing/views.ts";

test("--version and help load neither the parser nor any command", async () => {
  const script = `
    import { createProgram } from "${new URL("program.ts", import.meta.url)}";
    import { registerHooks } from "node:module";
    const loaded = [];
    registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
    const deps = { env: {}, stdout: process.stderr, stderr: process.stderr, version: "1", onInterrupt: () => () => {} };
    for (const word of ["--version", "help", "--help", "version"]) await createProgram(deps).run([word]);
    console.log(JSON.stringify(loaded));`;
  const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "-e", script], { timeoutMs: 20_000 });
  assert.equal(stdout, "[]\n", stderr);
});

test("the server gets its flags as text by name, one-dash ones too, and unknown ones are refused", async () => {
  await using home = await Home.open();
  const seen: unknown[] = [];
  const deps = { runServer: async (flags: object) => void seen.push(flags) };
  await home.run(["server", "-addr", ":9000", "--data-dir=./data", "--gateway-workers", "4"], { deps });
  await home.run(["server"], { deps });
  assert.deepEqual(seen, [{ addr: ":9000", "data-dir": "./data", "gateway-workers": "4" }, {}]);
  const { status, stderr } = await home.run(["server", "--adr", "x"], { deps });
  assert.equal(status, 2);
  assert.match(stderr, /--addr/);
});

test("base build shows what was made", async () => {
  await using home = await Home.open();
  const deps = {
    buildBases: async (onProgress: (line: string) => void) => {
      onProgress("unpacking");
      return [{ image: "slipway/base-node:24", wasBuilt: true }];
    },
  };
  const { stdout, stderr } = await home.run(["base", "build"], { deps });
  assert.equal(stdout, "slipway/base-node:24  made\n");
  assert.match(stderr, /unpacking\n/);
});

test("base build --check makes nothing and exits 1 when an image is missing", async () => {
  await using home = await Home.open();
  const deps = { missingBases: async () => ["slipway/base-node:24"] };
  assert.equal((await home.run(["base", "build", "--check"])).status, 0);
  const { status, stderr } = await home.run(["base", "build", "--check"], { deps });
  assert.equal(status, 1);
  assert.match(stderr, /Missing: slipway\/base-node:24\./);
});

test("another version of the server is warned of on standard error, and the command goes on", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  server.version = "0.9.0";
  const { status, stdout, stderr } = await home.on(server, ["list", "--json"]);
  assert.equal(status, 0);
  assert.match(stderr, /^warning: this is slipway 0\.1\.0, the server at .* is 0\.9\.0/);
  assert.equal(JSON.parse(stdout).length, 1);
});

test("a server that is not there, a wrong token, a stranger and a redirect each say what to do", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  const away = await home.run(["list"], { env: { SLIPWAY_URL: "http://127.0.0.1:1", SLIPWAY_TOKEN: "x" } });
  assert.match(away.stderr, /can't be reached.*\n {2}Start the server with `slipway server`/);
  const denied = await home.on(server, ["list"], { env: { SLIPWAY_TOKEN: "wrong" } });
  assert.match(denied.stderr, /Unknown token\.\n {2}Log in .*: slipway login http/);
  const stranger = createServer((request, response) => {
    if (request.headers.host?.startsWith("localhost")) response.writeHead(301, { location: "https://x.example/" });
    response.end("<html>");
  }).listen(0, "127.0.0.1");
  await once(stranger, "listening");
  const address = stranger.address();
  const port = typeof address === "object" ? address?.port : 0;
  for (const [host, words] of [
    ["127.0.0.1", /not as a Slipway server does/],
    ["localhost", /slipway login https:\/\/x\.example\n/],
  ] as const) {
    const result = await home.run(["list"], { env: { SLIPWAY_URL: `http://${host}:${port}`, SLIPWAY_TOKEN: "x" } });
    assert.equal(result.status, 1);
    assert.match(result.stderr, words);
  }
  stranger.closeAllConnections();
  stranger.close();
  await once(stranger, "close");
});

test("an error of the server keeps its code, and an internal one its request id", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  server.routes.set("GET /api/functions", (_, response) => sendError(response, 500, "internal", "Internal error."));
  assert.match((await home.on(server, ["list"])).stderr, /server's log for the request req-1/);
  const { stdout } = await home.on(server, ["list", "--json"]);
  assert.deepEqual(JSON.parse(stdout), { error: "internal", message: "Internal error.", requestId: "req-1" });
});

test("delete asks for --yes without a terminal, checks all names first, and takes volumes only when told", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  assert.equal((await home.on(server, ["delete", "hello"])).status, 2);
  assert.equal((await home.on(server, ["delete", "hello", "gone", "--yes"])).status, 1);
  assert.ok(!server.calls.some((call) => call.startsWith("DELETE")));
  const { status } = await home.on(server, ["delete", "hello", "--yes", "--volumes", "-p", "shop"]);
  assert.equal(status, 0);
  assert.equal(server.calls.at(-1), "DELETE /api/functions/hello?project=shop&volumes=1");
});

test("rollback takes the start of a deployment's id, or none", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  await home.on(server, ["rollback", "hello", "1f0c"]);
  await home.on(server, ["rollback", "hello"]);
  const bodies = server.asked
    .filter((asked) => asked.method === "POST")
    .map((asked) => JSON.parse(asked.body.toString()));
  assert.deepEqual(bodies, [{ deployment_id: "1f0c2a9e-0000-4000-8000-000000000001" }, {}]);
  assert.match((await home.on(server, ["rollback", "hello", "ffff"])).stderr, /no deployment that starts with ffff/);
});

test("rollback waits until the deployment it goes back to serves, and fails when it does not", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  const healthyAt = "2026-01-02T03:04:05Z";
  for (const [outcome, status] of [
    ["healthy", 0],
    ["failed", 1],
  ] as const) {
    const coming = deploymentView({ status: "pending", active: false, healthy_at: healthyAt });
    server.deployments = [coming];
    let looks = 0;
    server.routes.set(`GET /api/functions/hello/deployments/${DEPLOYMENT_ID}`, (_, response) => {
      looks += 1;
      sendJson(response, 200, { ...coming, status: looks > 1 ? outcome : "starting" });
    });
    assert.equal((await home.on(server, ["rollback", "hello"])).status, status);
    assert.equal(looks, 2);
  }
});

test("start waits until the function runs, and fails with the reason when it never will", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  server.functions = [functionView({ status: "stopped" })];
  server.routes.set("GET /api/functions/hello", (_, response) => {
    sendJson(response, 200, functionView({}));
  });
  const good = await home.on(server, ["start", "hello"]);
  assert.equal(good.stdout, "hello: running  http://hello.localhost:8080/\n");
  assert.equal((await home.on(server, ["start", "hello", "--no-wait"])).stdout, "hello: stopped\n");
  server.functions = [functionView({ status: "failed", error: "exited with 3" })];
  const bad = await home.on(server, ["start", "hello"]);
  assert.equal(bad.status, 1);
  assert.match(bad.stderr, /hello does not run: exited with 3/);
});

test("start of a function whose last update failed brings back the version before, and says nothing of the failure", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  const failed = deploymentView({ id: "2f0c2a9e-0000-4000-8000-000000000002", status: "failed", active: false });
  const view = functionView({ latest_deployment: failed, error: "exited with 7" });
  server.functions = [{ ...view, status: "stopped" }];
  server.routes.set("GET /api/functions/hello", (_, response) => sendJson(response, 200, view));
  const { status, stdout } = await home.on(server, ["start", "hello"]);
  assert.deepEqual([status, stdout], [0, "hello: running  http://hello.localhost:8080/\n"]);
});

test("runtime add sends the Dockerfile; an unreadable one and a bad name send nothing", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  await writeFile(join(home.path, "Dockerfile"), "FROM scratch\n");
  assert.equal((await home.on(server, ["runtime", "add", "deno", "Dockerfile"])).status, 0);
  assert.equal(server.asked.at(-1)?.body.toString(), JSON.stringify({ content: "FROM scratch\n" }));
  const count = server.asked.length;
  assert.equal((await home.on(server, ["runtime", "add", "deno", "missing"])).status, 2);
  assert.equal((await home.on(server, ["runtime", "add", "../x", "Dockerfile"])).status, 1);
  assert.equal(server.asked.length, count);
});

test("runtime add packs a folder; one without files sends nothing", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  await mkdir(join(home.path, "mine/template"), { recursive: true });
  await writeFile(join(home.path, "mine/Dockerfile.j2"), "FROM scratch\n");
  await writeFile(join(home.path, "mine/template/a.txt"), "a");
  assert.equal((await home.on(server, ["runtime", "add", "mine", "mine"])).status, 0);
  const { path, body } = server.asked.at(-1) ?? { path: "", body: Buffer.of() };
  assert.equal(path, "/api/runtimes/mine");
  assert.match(body.toString("latin1"), /name="file"; filename="source.tar.gz"/);
  assert.ok(body.includes(Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x1f, 0x8b])));
  await mkdir(join(home.path, "empty"));
  const count = server.asked.length;
  assert.equal((await home.on(server, ["runtime", "add", "mine", "empty"])).status, 2);
  assert.equal(server.asked.length, count);
});

test("followed logs end with Ctrl-C (130), and quietly (0) when nobody reads them any more", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  let onOpen = (): void => undefined;
  server.routes.set("GET /api/functions/hello/logs", (_, response) => {
    response.write(": ping\n\n");
    onOpen();
  });
  onOpen = () => home.interrupt();
  assert.equal((await home.on(server, ["logs", "hello", "--follow"])).status, 130);
  const stdout = new Writable({ write: () => undefined });
  onOpen = () => stdout.destroy(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
  const closed = await home.on(server, ["logs", "hello", "--follow"], { deps: { stdout } });
  assert.deepEqual([closed.status, closed.stderr], [0, ""]);
});

test("colours are for terminals, and not with NO_COLOR", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  for (const [env, isColoured] of [
    [{}, true],
    [{ NO_COLOR: "1" }, false],
  ] as const) {
    let text = "";
    const write = (chunk: Buffer, _: string, done: () => void) => {
      text += chunk;
      done();
    };
    const stdout = Object.assign(new Writable({ write }), { isTTY: true });
    await home.on(server, ["list"], { env, deps: { stdout } });
    assert.equal(text.includes("\u001b["), isColoured);
  }
});

test("every error code has an exit status other than 0", () => {
  for (const code of ERROR_CODES) assert.equal(exitStatusOf(new RemoteError(code, "x", undefined)), 1, code);
  assert.equal(exitStatusOf(new Error("unforeseen")), 1);
});

test("completion offers commands, flags, choices, and the names the server knows", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  const complete = async (...words: string[]) =>
    (await home.on(server, ["__complete", "--", ...words])).stdout.trim().split("\n");
  assert.deepEqual(await complete("st"), ["start", "status", "stop"]);
  assert.deepEqual(await complete("runtime", ""), ["add", "delete", "list", "show"]);
  assert.deepEqual(await complete("help", "runtime", "s"), ["show"]);
  assert.deepEqual(await complete("logs", "--f"), ["--follow"]);
  assert.deepEqual(await complete("logs", "h"), ["hello"]);
  assert.deepEqual(await complete("logs", "--tail", "5", ""), ["hello"]);
  assert.deepEqual(await complete("delete", "hello", ""), [""]);
  assert.deepEqual(await complete("deploy", "x", "--runtime", ""), ["deno", "node"]);
  // It takes a folder, an archive or a name.
  assert.deepEqual(await complete("deploy", ""), [":files", "hello"]);
  assert.deepEqual(await complete("completion", "z"), ["zsh"]);
  const silent = await home.run(["__complete", "--", "logs", ""], { env: { SLIPWAY_URL: "http://127.0.0.1:1" } });
  assert.deepEqual([silent.status, silent.stdout, silent.stderr], [0, "", ""]);
});

test("the bash script is accepted by bash and offers what the program says", async () => {
  await using home = await Home.open();
  const { stdout } = await home.run(["completion", "bash"]);
  const check = `${stdout}
    slipway() { printf '%s\\n' list logs; }
    COMP_WORDS=(slipway l); COMP_CWORD=1; _slipway; printf '%s ' "\${COMPREPLY[@]}"`;
  assert.equal((await run("bash", ["-c", check], { timeoutMs: 10_000 })).stdout, "list logs ");
});
