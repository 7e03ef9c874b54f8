/** Hosts, paths and further networks that a manifest asks for, on a real server over the real engine. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import Docker from "dockerode";
import { randomHex } from "../../src/lib/ids.ts";
import { zipOf } from "../archives.ts";
import { eventually } from "../engine/eventually.ts";
import { ensureTinyImage } from "../engine/tiny-image.ts";
import { type Answer, ask, form } from "./ask.ts";
import { TestServer } from "./test-server.ts";
import { appFiles } from "./uploads.ts";

const [FAASO_NETWORK, OTHER_NETWORK] = [`swfaaso${randomHex(4)}`, `swother${randomHex(4)}`];
const engine = new Docker({ socketPath: "/var/run/docker.sock" });
let server: TestServer;
let dockerfile: string;

before(async () => {
  const env = {
    SLIPWAY_FAASO_NETWORK: FAASO_NETWORK,
    SLIPWAY_NETWORKS: OTHER_NETWORK,
    SLIPWAY_PATH_HOST: "paths.test",
    SLIPWAY_BASE_DOMAIN: "example.test",
  };
  server = await TestServer.start({ env });
  dockerfile = `FROM ${await ensureTinyImage()}\nCOPY . /app/\nENV PORT=8080\nEXPOSE 8080\nCMD ["node", "/app/app.js"]\n`;
});
after(async () => {
  await server.close();
  await engine.getNetwork(FAASO_NETWORK).remove();
});

const ECHO = appFiles(
  `response.end([process.env.ME, request.url, request.headers["x-forwarded-prefix"] ?? "none"].join(" "))`,
);

/** Answers when it serves or has failed, with `wait: false` at once. */
async function up(
  manifest: { readonly name: string } & Readonly<Record<string, unknown>>,
  options: { readonly files?: Readonly<Record<string, string>>; readonly wait?: boolean } = {},
): Promise<Answer> {
  const zip = zipOf({ Dockerfile: dockerfile, ...(options.files ?? ECHO) });
  const { headers, body } = await form([
    { name: "manifest", value: JSON.stringify({ env: { ME: manifest.name }, ...manifest }) },
    { name: "source", value: zip, file: "source.zip" },
  ]);
  const path = `/api/functions${options.wait === false ? "" : "?wait=1"}`;
  return server.api({ method: "POST", path, headers, body });
}

const get = (host: string, path: string): Promise<Answer> => ask(server.url, { path, headers: { host } });

test("/funko/ and /faaso/ lead to a function with its path and query as they were sent, sandboxed", async () => {
  assert.equal((await up({ name: "hello" })).status, 200);
  for (const start of ["funko", "faaso"]) {
    const answer = await get("127.0.0.1", `/${start}/hello/a%2Fb//c?d=%20&e`);
    assert.equal(answer.text, `hello /a%2Fb//c?d=%20&e /${start}/hello`);
    assert.match(String(answer.headers["content-security-policy"]), /^sandbox allow-scripts/);
    assert.equal(answer.headers["access-control-allow-origin"], "*");
    const redirect = await get("127.0.0.1", `/${start}/hello?x=1&y`);
    assert.deepEqual([redirect.status, redirect.headers.location], [308, `/${start}/hello/?x=1&y`]);
  }
  const unknown = await get("127.0.0.1", "/funko/nobody/x");
  assert.deepEqual([unknown.status, unknown.json().error], [404, "not_found"]);
});

test("a function that is built or stopped answers 503 with Retry-After, in JSON", async () => {
  const slow = dockerfile.replace("EXPOSE", 'RUN ["node", "-e", "setTimeout(() => {}, 3000)"]\nEXPOSE');
  const accepted = await up({ name: "slow" }, { wait: false, files: { ...ECHO, Dockerfile: slow } });
  assert.equal(accepted.status, 202, accepted.text);
  const building = await get("127.0.0.1", "/funko/slow/");
  assert.deepEqual([building.status, building.headers["retry-after"]], [503, "2"]);
  assert.match(String(building.json().message), /is being built/);
  await server.api({ method: "POST", path: "/api/functions/hello/stop" });
  const stopped = await get("127.0.0.1", "/faaso/hello/");
  assert.deepEqual([stopped.status, stopped.json().error], [503, "unavailable"]);
  assert.ok(Number(stopped.headers["retry-after"]) > 0);
  await server.api({ method: "POST", path: "/api/functions/hello/start" });
  await eventually(async () => assert.equal((await get("127.0.0.1", "/funko/hello/")).status, 200));
});

test("the host for paths serves them without the sandbox, and no function by its name", async () => {
  const answer = await get("paths.test:8080", "/funko/hello/x");
  assert.equal(answer.text, "hello /x /funko/hello");
  assert.equal(answer.headers["content-security-policy"], undefined);
  assert.equal(answer.headers["access-control-allow-origin"], undefined);
  assert.equal((await get("paths.test", "/funko/nobody/")).status, 404);
  assert.equal((await up({ name: "paths" })).status, 400);
});

test("hosts and paths of a manifest lead to it once it serves, and go with a version that does not name them", async () => {
  const routes = [{ host: "Sum.shop.test" }, { path: "/sum" }, { path: "/tools/deep" }];
  const answer = await up({ name: "sum", routes });
  assert.equal(answer.status, 200, answer.text);
  const { urls } = answer.json<{ function: { urls: string[] } }>().function;
  const port = server.port;
  assert.deepEqual(urls.slice(1), [
    `http://sum.shop.test:${port}/`,
    `http://paths.test:${port}/sum`,
    `http://paths.test:${port}/tools/deep`,
  ]);
  assert.equal((await get("sum.shop.test", "/x?y=1")).text, "sum /x?y=1 none");
  assert.equal((await get("127.0.0.1", "/sum")).text, "sum / /sum");
  assert.equal((await get("127.0.0.1", "/sum?y=1")).text, "sum /?y=1 /sum");
  const deep = await get("127.0.0.1", "/tools/deep/a%20b?c");
  assert.equal(deep.text, "sum /a%20b?c /tools/deep");
  assert.match(String(deep.headers["content-security-policy"]), /^sandbox /);
  assert.equal((await get("paths.test", "/sum/")).headers["content-security-policy"], undefined);
  for (const path of ["/summer", "/tools", "/tools/deeper"])
    assert.equal((await get("127.0.0.1", path)).status, 404, path);

  assert.equal((await up({ name: "sum", routes: [{ path: "/sum" }] })).status, 200);
  assert.equal((await get("127.0.0.1", "/sum/1")).text, "sum /1 /sum");
  assert.equal((await get("127.0.0.1", "/tools/deep")).status, 404);
  assert.equal((await get("sum.shop.test", "/healthz")).status, 200);
});

test("what is another's or the platform's is refused before anything is built", async () => {
  for (const [route, what] of [
    [{ path: "/sum" }, /\/sum is taken by sum/],
    [{ host: "sum.example.test" }, /sum\.example\.test is taken by sum/],
    [{ path: "/api/x" }, /the platform's own/],
    [{ path: "/funko/x" }, /the platform's own/],
    [{ host: "example.test" }, /the platform's own/],
    [{ host: "paths.test" }, /the platform's own/],
    [{ host: "hello.localhost" }, /the platform's own/],
  ] as const) {
    const answer = await up({ name: "thief", routes: [route] }, { wait: false });
    assert.equal(answer.status, 409, answer.text);
    assert.match(answer.text, what);
  }
  assert.equal((await server.api({ path: "/api/functions/thief" })).status, 404);
});

test("routes go with their function and are free for the next one", async () => {
  assert.equal((await server.api({ method: "DELETE", path: "/api/functions/sum" })).status, 204);
  assert.equal((await get("127.0.0.1", "/sum")).status, 404);
  assert.equal((await up({ name: "next", routes: [{ path: "/sum" }] })).status, 200);
  assert.equal((await get("127.0.0.1", "/sum")).text, "next / /sum");
});

test("a function finds containers of a network it asks for by their names", async () => {
  const database = await engine.createContainer({
    name: `database${randomHex(4)}`,
    Image: await ensureTinyImage(),
    Cmd: ["node", "-e", `require("node:net").createServer((s) => s.end("rows")).listen(5432)`],
    HostConfig: { NetworkMode: FAASO_NETWORK, Init: true },
  });
  const name = (await database.inspect()).Name.slice(1);
  try {
    await database.start();
    const files = appFiles(`
      const socket = require("node:net").connect(5432, process.env.DATABASE);
      socket.on("data", (data) => response.end(String(data)));
      socket.on("error", (error) => response.end(String(error)));`);
    const manifest = { name: "reader", networks: [FAASO_NETWORK], env: { DATABASE: name } };
    const answer = await up(manifest, { files });
    assert.equal(answer.status, 200, answer.text);
    assert.equal((await get("127.0.0.1", "/funko/reader/")).text, "rows");
  } finally {
    await database.remove({ force: true });
  }
});

test("a network that is not there and an isolation the engine lacks fail the deployment, in words that help", async () => {
  const missing = await up({ name: "lost", networks: [OTHER_NETWORK] });
  assert.equal(missing.status, 422, missing.text);
  assert.match(missing.text, new RegExp(`no network ${OTHER_NETWORK}`));
  const isolated = await up({ name: "isolated", isolation: "gvisor" });
  assert.equal(isolated.status, 422, isolated.text);
  assert.match(isolated.text, /gVisor/);
  assert.match(isolated.text, /runsc/);
});
