import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { makeTarGz, zipOf } from "../../../test/archives.ts";
import { FakeServer, sendError, sendJson } from "../testing/fake-server.ts";
import { Home } from "../testing/run-slipway.ts";
import { DEPLOYMENT_ID, deploymentView, functionView } from "../testing/views.ts";

async function homeWith(files: Readonly<Record<string, string>>, folder = "hello"): Promise<Home> {
  const home = await Home.open();
  await mkdir(join(home.path, folder));
  for (const [path, content] of Object.entries(files)) await writeFile(join(home.path, folder, path), content);
  return home;
}

function manifestOf(server: FakeServer): unknown {
  const body = server.asked.find((asked) => asked.method === "POST")?.body.toString("latin1") ?? "";
  return JSON.parse(/name="manifest"\r\n\r\n(.*)\r\n/.exec(body)?.[1] ?? "null");
}

test("deploy uploads, shows the build's log, waits, and prints the URL alone on standard output", async () => {
  await using home = await homeWith({ "package.json": "{}", "index.js": "" });
  await using server = await FakeServer.open();
  server.deployments = [
    deploymentView({ status: "building" }),
    deploymentView({ status: "starting" }),
    deploymentView({ status: "healthy" }),
  ];
  const { status, stdout, stderr } = await home.on(server, ["deploy", "hello"]);
  assert.equal(stdout, "http://hello.localhost:8080/\n");
  assert.match(stderr, /^uploading 2 files \(2 B\) as hello\nnode \(package\.json\)\n/);
  assert.match(stderr, /step 1\nstep 2\n[\s\S]*\nhello is up \(\d+\.\d s\)\n$/);
  assert.equal(status, 0);
  assert.deepEqual(manifestOf(server), { name: "hello" });
});

test("flags win over slipway.yml, which wins over the folder's name", async () => {
  await using home = await homeWith({ "slipway.yml": "name: greet\nruntime: node\nport: 3000\nenv: {A: b}\n" });
  await using server = await FakeServer.open();
  const flags = ["--port", "4000", "--env", "A=1=2", "--env", "B=", "--volume", "./d:/d", "--replicas", "2"];
  await home.on(server, ["deploy", "hello", "--no-wait", "--project", "shop", ...flags]);
  assert.deepEqual(manifestOf(server), {
    name: "greet",
    runtime: "node",
    port: 4000,
    volumes: ["./d:/d"],
    env: { A: "1=2", B: "" },
    replicas: 2,
  });
  assert.equal(server.calls.at(-1), "POST /api/functions?project=shop");
});

test("the name in a funko.yml is lower-cased", async () => {
  await using home = await homeWith({ "funko.yml": "name: HELLO\n" });
  await using server = await FakeServer.open();
  await home.on(server, ["deploy", "hello", "--no-wait"]);
  assert.deepEqual(manifestOf(server), { name: "hello" });
});

test("a folder whose name can't be a function's is refused with the nearest name that can, before anything is sent", async () => {
  await using server = await FakeServer.open();
  for (const [folder, name] of [
    ["My_App", "my-app"],
    ["api", "my-api"],
    ["42", "my-42"],
  ] as const) {
    await using home = await homeWith({ "index.html": "" }, folder);
    const { status, stderr } = await home.on(server, ["deploy", folder]);
    assert.equal(status, 2);
    assert.match(stderr, new RegExp(`--name ${name}\n`));
  }
  assert.deepEqual(server.asked, []);
});

test("what is no folder, no archive and no name, or holds nothing, is a usage error", async () => {
  await using home = await homeWith({});
  await writeFile(join(home.path, "notes.txt"), "no archive");
  for (const path of ["./missing", "missing.zip", "notes.txt", "hello"]) {
    const { status, stderr } = await home.run(["deploy", path], {
      env: { SLIPWAY_URL: "http://x", SLIPWAY_TOKEN: "x" },
    });
    assert.equal(status, 2, path);
    assert.match(stderr, /Name a folder, a zip or a tar\.gz/);
  }
});

test("an archive goes up byte for byte, named after itself", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  const bytes = Buffer.concat([Buffer.from("PK\u0003\u0004"), Buffer.alloc(300_000, 7)]);
  await writeFile(join(home.path, "app.zip"), bytes);
  const { status } = await home.on(server, ["deploy", "app.zip", "--no-wait"]);
  assert.equal(status, 0);
  assert.deepEqual(manifestOf(server), { name: "app" });
  assert.ok(server.asked.at(-1)?.body.includes(bytes));
});

test("the manifest in an archive's top, or in its one folder, names the function; a flag wins", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  const archives = {
    "flat.zip": zipOf({ "index.js": "", "slipway.yml": "name: greet\n" }),
    "deep.zip": zipOf({ "x/index.js": "", "x/funko.yml": "name: HELLO\n" }),
    "two.zip": zipOf({ "x/funko.yml": "name: other\n", "y/index.js": "" }),
    "packed.tar.gz": await makeTarGz([
      { name: "index.js", content: "" },
      { name: "slipway.yml", content: "name: greet\n" },
    ]),
  };
  for (const [file, bytes] of Object.entries(archives)) await writeFile(join(home.path, file), bytes);
  const nameOf = async (...words: string[]) => {
    server.asked.length = 0;
    assert.equal((await home.on(server, ["deploy", ...words, "--no-wait"])).status, 0);
    return (manifestOf(server) as { readonly name: string }).name;
  };
  assert.equal(await nameOf("flat.zip"), "greet");
  assert.equal(await nameOf("deep.zip"), "hello");
  assert.equal(await nameOf("two.zip"), "two");
  assert.equal(await nameOf("packed.tar.gz"), "greet");
  assert.equal(await nameOf("flat.zip", "--name", "mine"), "mine");
});

test("a failed build exits 1 with its cause below the log, no line of which is repeated", async () => {
  await using home = await homeWith({ "index.js": "" });
  await using server = await FakeServer.open();
  const log = Array.from({ length: 30 }, (_, i) => `line ${i + 1}`).join("\n");
  server.buildLog = `${log}\n`;
  const failed = deploymentView({
    status: "failed",
    image: null,
    failure_reason: "npm ci failed",
    log_tail: log,
    build: { id: "b1", status: "failed", was_cached: false, error: "npm ci failed" },
  });
  server.deployments = [deploymentView({ status: "building" }), failed];
  const { status, stdout, stderr } = await home.on(server, ["deploy", "hello"]);
  assert.deepEqual([status, stdout], [1, ""]);
  assert.equal(stderr.match(/^ *line 30$/gm)?.length, 1);
  assert.match(stderr, /line 30\nerror: hello was not built: npm ci failed\n/);

  // Where the log was not shown, its last 20 lines are.
  server.deployments = [failed];
  const unseen = await home.on(server, ["deploy", "hello"]);
  assert.match(unseen.stderr, /last lines of the log:\n {2}line 11\n[\s\S]* {2}line 30\nerror: /);

  server.deployments = [deploymentView({ status: "failed", failure_reason: "exited with 3", log_tail: "boom" })];
  const asJson = await home.on(server, ["deploy", "hello", "--json"]);
  const document = JSON.parse(asJson.stdout);
  assert.equal(document.error, "deploy_failed");
  assert.equal(document.log_tail, "boom");
  assert.equal(asJson.stderr, "");
});

test("a server that goes away for a moment while it deploys is waited for, and no line is shown twice", async () => {
  await using home = await homeWith({ "index.js": "" });
  await using server = await FakeServer.open();
  server.deployments = [deploymentView({ status: "building" })];
  let logCalls = 0;
  server.routes.set(`GET /api/functions/hello/deployments/${DEPLOYMENT_ID}/log`, (_, response) => {
    logCalls += 1;
    if (logCalls > 1) {
      server.deployments = [deploymentView({ status: "healthy" })];
      response.end("one\ntwo\n");
      return;
    }
    response.write("one\nt", () => response.destroy());
  });
  const { status, stderr } = await home.on(server, ["deploy", "hello"]);
  assert.equal(status, 0);
  assert.deepEqual(stderr.match(/^(one|two)$/gm), ["one", "two"]);
});

test("Ctrl-C cancels the deployment on the server and exits 130", async () => {
  await using home = await homeWith({ "index.js": "" });
  await using server = await FakeServer.open();
  server.deployments = [deploymentView({ status: "building" })];
  server.routes.set(`GET /api/functions/hello/deployments/${DEPLOYMENT_ID}`, (_, response) => {
    sendJson(response, 200, deploymentView({ status: "building" }));
    home.interrupt();
  });
  const { status, stderr } = await home.on(server, ["deploy", "hello"]);
  assert.equal(status, 130);
  assert.match(stderr, /deployment of hello was cancelled/);
  assert.equal(server.calls.at(-1), `POST /api/functions/hello/deployments/${DEPLOYMENT_ID}/cancel`);
});

test("what the server refuses is told with its field and remedy", async () => {
  await using home = await homeWith({ "index.js": "" });
  await using server = await FakeServer.open();
  server.functions = [functionView({})];
  server.routes.set("POST /api/functions", (_, response) =>
    sendError(response, 409, "conflict", "port 3000 is taken", {
      errors: { port: ["used by other"] },
      remedy: "Use another port.",
    }),
  );
  const { status, stderr } = await home.on(server, ["deploy", "hello"]);
  assert.equal(status, 1);
  assert.match(stderr, /error: port 3000 is taken\n {2}port: used by other\n {2}Use another port\.\n$/);
});
