import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { eventually } from "../engine/eventually.ts";
import { ask, form } from "./ask.ts";
import { TestServer } from "./test-server.ts";
import { addTinyRuntime, appFiles, deploy, freePort, outcome, upload } from "./uploads.ts";

let server: TestServer;

before(async () => {
  server = await TestServer.start();
  await addTinyRuntime(server);
});
after(() => server.close());

test("the first start prints a UUID passkey and keeps it for its owner only; the second start does not print it", async () => {
  const passkey = await server.passkey();
  assert.match(passkey, /^[0-9a-f-]{36}$/);
  assert.equal(server.output.split(passkey).length - 1, 1);
  await server.stop();
  await server.run();
  assert.equal(server.output.split(passkey).length - 1, 1);
});

test("every admin route refuses a wrong or missing passkey with 401 and one JSON body", async () => {
  for (const path of [
    "/function/list",
    "/runtime/list",
    "/function/get/x",
    "/api/functions",
    "/api/runtimes",
    "/api/system/info",
  ]) {
    for (const authorization of ["", "wrong", "Bearer wrong", `${await server.passkey()}x`]) {
      const answer = await ask(server.url, { path, headers: authorization === "" ? {} : { authorization } });
      assert.equal(answer.status, 401, path);
      assert.equal(answer.json().error, "unauthorized");
    }
    const bearer = await ask(server.url, { path, headers: { authorization: `Bearer ${await server.passkey()}` } });
    assert.notEqual(bearer.status, 401, path);
  }
});

test("a runtime is created, listed, shown, replaced and deleted", async () => {
  const put = async (content: string) => {
    const { headers, body } = await form([{ name: "file", value: Buffer.from(content), file: "Dockerfile" }]);
    return server.api({ method: "POST", path: "/runtime/upload/mine", headers, body });
  };
  const created = (await put("FROM scratch\n")).json();
  assert.equal(created.runtimeName, "mine");
  assert.match(String(created.fileName), /^[0-9a-f-]{36}\.dockerfile$/);
  const list = (await server.api({ path: "/runtime/list" })).json<string[]>();
  assert.deepEqual(list, list.toSorted());
  assert.ok(list.includes("mine") && list.includes("default"));
  await put("FROM scratch\nLABEL two=2\n");
  assert.deepEqual((await server.api({ path: "/runtime/show/mine" })).json(), {
    name: "mine",
    content: "FROM scratch\nLABEL two=2\n",
  });
  assert.deepEqual((await server.api({ method: "DELETE", path: "/runtime/delete/mine" })).json(), {
    message: "Deleted",
  });
  assert.equal((await server.api({ path: "/runtime/show/mine" })).status, 404);
  const refused = await server.api({ method: "DELETE", path: "/runtime/delete/default" });
  assert.deepEqual([refused.status, refused.json().message], [403, "Cannot delete default runtime"]);
});

test("an upload answers at once, is visible from the first moment, and serves by name, path and port", async () => {
  const port = freePort();
  const answer = await upload(server, {
    name: "hello",
    port,
    files: appFiles(`response.end(JSON.stringify({ url: request.url, headers: request.headers }))`),
  });
  assert.equal(answer.status, 200, answer.text);
  const { message, data } = answer.json<{ message: string; data: Record<string, string> }>();
  assert.equal(message, "Code uploaded, build process started");
  assert.deepEqual(
    [data.name, data.runtime, data.port, data.source, data.status],
    ["hello", "tiny", String(port), "", "building"],
  );
  assert.equal((await server.api({ path: "/function/get/hello" })).status, 200);
  assert.equal((await outcome(server, "hello")).status, "running");

  const byName = (await server.call("hello", { path: "/a/b?c=1&c=2" })).json<{
    url: string;
    headers: Record<string, string>;
  }>();
  assert.equal(byName.url, "/a/b?c=1&c=2");
  assert.equal(byName.headers["x-forwarded-host"], "hello.localhost");
  const byPath = (await ask(server.url, { path: "/funko/hello/x?y=z" })).json<{
    url: string;
    headers: Record<string, string>;
  }>();
  assert.deepEqual([byPath.url, byPath.headers["x-forwarded-prefix"]], ["/x?y=z", "/funko/hello"]);
  const byPort = (await ask(`http://127.0.0.1:${port}`, { path: "/p" })).json<{ url: string }>();
  assert.equal(byPort.url, "/p");
});

test("visitors need no passkey, keep their own Authorization, and the passkey never reaches the function", async () => {
  await deploy(server, { name: "echo", files: appFiles(`response.end(String(request.headers.authorization))`) });
  const seen = async (authorization: string | undefined): Promise<string> =>
    (await server.call("echo", { headers: authorization === undefined ? {} : { authorization } })).text;
  assert.equal(await seen(undefined), "undefined");
  assert.equal(await seen("Bearer of-the-app"), "Bearer of-the-app");
  assert.equal(await seen(await server.passkey()), "undefined");
  assert.equal(await seen(`Bearer ${await server.passkey()}`), "undefined");
  assert.equal(await seen("Bearer slw_something"), "undefined");
});

test("a path of a function that looks like an admin route reaches the function only", async () => {
  await deploy(server, { name: "shadow", files: appFiles(`response.end("app:" + request.method + request.url)`) });
  const answer = await server.call("shadow", {
    method: "DELETE",
    path: "/function/delete/shadow",
    headers: { authorization: await server.passkey() },
  });
  assert.equal(answer.text, "app:DELETE/function/delete/shadow");
  assert.equal((await server.api({ path: "/function/get/shadow" })).status, 200);
});

test("lists name what there is", async () => {
  const { keys, functions } = (await server.api({ path: "/function/list" })).json<{
    keys: string[];
    functions: { name: string; id: string }[];
  }>();
  assert.deepEqual(
    keys,
    functions.map((f) => f.id),
  );
  assert.ok(functions.some((f) => f.name === "hello"));
  const running = (await server.api({ path: "/function/listrunning" })).json<{ Names: string[] }[]>();
  assert.ok(running.some((c) => c.Names.some((n) => n.startsWith(`/${server.prefix}-default-hello-0-`))));
  const installed = (await server.api({ path: "/function/listinstalled" })).json<string[]>();
  assert.ok(
    installed.some(
      (tag) => tag.startsWith(`${server.prefix}/default/hello:`) || tag === `${server.prefix}-hello:latest`,
    ),
  );
});

test("a stopped function answers 503 and starts again by name or tag; starting a running one is 409", async () => {
  await deploy(server, { name: "rest", tag: `${server.prefix}-rest-tag` });
  const running = await server.api({ path: "/function/start/rest" });
  assert.deepEqual([running.status, running.json().message], [409, "Function already running"]);
  for (const [method, key] of [
    ["GET", `${server.prefix}-rest-tag`],
    ["POST", "rest"],
  ] as const) {
    assert.equal((await server.api({ method: "POST", path: "/api/functions/rest/stop" })).status, 200);
    const stopped = await server.call("rest");
    assert.equal(stopped.status, 503, stopped.text);
    assert.ok(stopped.headers["retry-after"]);
    assert.equal((await outcome(server, "rest")).status, "stopped");
    await eventually(async () =>
      assert.equal(
        (await server.engine.listContainers({ all: true, filters: { name: [`${server.prefix}-default-rest-`] } }))
          .length,
        0,
      ),
    );
    const started = await server.api({ method, path: `/function/start/${key}` });
    assert.deepEqual([started.status, started.json().message], [200, "Started"], started.text);
    await eventually(async () => assert.equal((await server.call("rest")).text, "hello from rest"));
  }
});

test("a deleted function is gone with its container, its images and its port; the name is free at once", async () => {
  const port = freePort();
  await deploy(server, { name: "gone", port });
  assert.deepEqual((await server.api({ method: "DELETE", path: "/function/delete/gone" })).json(), {
    message: "Deleted",
  });
  assert.equal((await server.api({ path: "/function/get/gone" })).status, 404);
  assert.equal((await ask(server.url, { path: "/funko/gone/" })).status, 404);
  await eventually(async () => {
    assert.equal(
      (await server.engine.listContainers({ all: true, filters: { name: [`${server.prefix}-default-gone-`] } })).length,
      0,
    );
    const tags = (await server.engine.listImages()).flatMap((image) => image.RepoTags ?? []);
    assert.ok(
      !tags.some((tag) => tag.startsWith(`${server.prefix}/default/gone:`) || tag.startsWith(`${server.prefix}-gone:`)),
      "its images stay",
    );
  });
  await assert.rejects(ask(`http://127.0.0.1:${port}`), "its port still answers");
  await deploy(server, { name: "gone", port });
  assert.equal((await server.call("gone")).text, "hello from gone");
});

test("the same upload again builds nothing and replaces nothing", async () => {
  const port = freePort();
  await deploy(server, { name: "same", port });
  const before = (await server.engine.listContainers({ filters: { name: [`${server.prefix}-default-same-`] } })).map(
    (c) => c.Id,
  );
  await deploy(server, { name: "same", port });
  const now = (await server.engine.listContainers({ filters: { name: [`${server.prefix}-default-same-`] } })).map(
    (c) => c.Id,
  );
  assert.deepEqual(now, before);
});

test("logs are text: the instance's, and with build=1 the build's", async () => {
  await deploy(server, {
    name: "talk",
    files: appFiles(`console.log("asked " + request.url); console.error("and heard"); response.end("ok")`),
  });
  await server.call("talk", { path: "/something" });
  // The engine takes standard output and standard error apart: which of two lines it has first is chance.
  await eventually(async () => {
    const lines = (await server.api({ path: "/function/logs/talk" })).text.split("\n");
    assert.deepEqual(lines.toSorted(), ["", "and heard", "asked /something"]);
  });
  assert.match((await server.api({ path: "/function/logs/talk?build=1" })).text, /FROM/);
});

test("a volume keeps what was written, and its folder lies below the data directory", async () => {
  const files = appFiles(
    `const fs = require("node:fs"); if (request.method === "POST") fs.appendFileSync("/data/log", "x"); response.end(fs.existsSync("/data/log") ? fs.readFileSync("/data/log") : "")`,
  );
  await deploy(server, { name: "keep", volume: "./data:/data", files });
  await server.call("keep", { method: "POST" });
  await deploy(server, { name: "keep", volume: "./data:/data", files: { ...files, "new.txt": "another version" } });
  assert.equal((await server.call("keep")).text, "x");
  assert.equal(await readFile(join(server.dataDir, "volumes/default/keep/data/log"), "utf8"), "x");
});
