/** The naming convention on the real engine: what somebody starts beside the server is a function, and stays theirs. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import Docker from "dockerode";
import { randomHex } from "../../src/lib/ids.ts";
import { eventually } from "../engine/eventually.ts";
import { ensureTinyImage } from "../engine/tiny-image.ts";
import type { Answer } from "./ask.ts";
import { TestServer } from "./test-server.ts";
import { addTinyRuntime, appFiles, deploy } from "./uploads.ts";

const NETWORK = `swfaaso${randomHex(4)}`;
/** What the issue promises, in milliseconds. */
const PROMISED_MS = 2_000;

const engine = new Docker({ socketPath: "/var/run/docker.sock" });
const started: Docker.Container[] = [];
let server: TestServer;

before(async () => {
  server = await TestServer.start({ env: { SLIPWAY_FAASO_NETWORK: NETWORK } });
});
after(async () => {
  await Promise.all(started.map((container) => container.remove({ force: true, v: true })));
  await server.close();
  await engine.getNetwork(NETWORK).remove();
});

/** As `docker run --network … --name …` does; the container answers its name and the path. */
async function run(name: string, network = NETWORK): Promise<Docker.Container> {
  const answer = `response.end("${name} at " + request.url + " below " + request.headers["x-forwarded-prefix"])`;
  const code = `require("node:http").createServer((request, response) => { ${answer} }).listen(3000)`;
  const container = await engine.createContainer({
    name,
    Image: await ensureTinyImage(),
    Cmd: ["node", "-e", code],
    HostConfig: { NetworkMode: network, Init: true },
  });
  started.push(container);
  await container.start();
  return container;
}

const funko = (name: string, path = "/"): Promise<Answer> => {
  return server.api({ path: `/funko/${name}${path}`, headers: { authorization: "" } });
};

async function becomes(name: string, status: number): Promise<Answer> {
  return eventually(async () => {
    const answer = await funko(name);
    assert.equal(answer.status, status, answer.text);
    return answer;
  }, PROMISED_MS);
}

test("the network is there from the start, and is nobody's", async () => {
  await eventually(async () => {
    const { Driver, Labels } = await engine.getNetwork(NETWORK).inspect();
    assert.deepEqual([Driver, Labels], ["bridge", {}]);
  });
});

test("a container of the convention answers within 2 s, and is gone within 2 s of its end", async () => {
  const name = `t${randomHex(4)}`;
  assert.equal((await funko(name)).status, 404);
  const container = await run(`faaso-${name}`);
  await becomes(name, 200);
  const answer = await funko(name, "/a%2Fb?c=d&e");
  assert.equal(answer.text, `faaso-${name} at /a%2Fb?c=d&e below /funko/${name}`);
  assert.match(String(answer.headers["content-security-policy"]), /^sandbox /);
  assert.match((await server.call(name)).text, /below undefined$/);
  const redirect = await server.api({ path: `/faaso/${name}?q=1` });
  assert.deepEqual([redirect.status, redirect.headers.location], [308, `/faaso/${name}/?q=1`]);
  await container.stop({ t: 1 });
  assert.equal((await becomes(name, 404)).json().error, "not_found");
  await container.start();
  await becomes(name, 200);
  await container.remove({ force: true });
  started.splice(started.indexOf(container), 1);
  await becomes(name, 404);
});

test("several containers of one name share its requests; joining, leaving and renaming count at once", async () => {
  const name = `t${randomHex(4)}`;
  const [first, second] = [await run(`faaso-${name}-1`), await run(`faaso-${name}-x-2`, "bridge")];
  await becomes(name, 200);
  const network = engine.getNetwork(NETWORK);
  const answering = async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => funko(name)));
    return [...new Set(answers.map(({ text }) => text.split(" ")[0]))].sort();
  };
  assert.deepEqual(await answering(), [`faaso-${name}-1`]);
  await network.connect({ Container: second.id });
  await eventually(
    async () => assert.deepEqual(await answering(), [`faaso-${name}-1`, `faaso-${name}-x-2`]),
    PROMISED_MS,
  );
  await network.disconnect({ Container: first.id });
  // A request that is on its way to it at that moment has nobody left who could answer.
  await eventually(async () => {
    const { scale } = (await server.api({ path: `/api/functions/${name}` })).json();
    assert.equal(scale, 1);
  }, PROMISED_MS);
  await eventually(async () => assert.deepEqual(await answering(), [`faaso-${name}-x-2`]), PROMISED_MS);
  await second.rename({ name: `other-${name}` });
  await becomes(name, 404);
  await second.rename({ name: `faaso-${name}` });
  await becomes(name, 200);
});

test("it is listed and shown with its containers, and nothing else can be done to it here", async () => {
  const name = `t${randomHex(4)}`;
  const container = await run(`faaso-${name}-1`);
  await becomes(name, 200);
  const shown = (await server.api({ path: `/api/functions/${name}` })).json();
  const [instance] = shown.instances as Record<string, unknown>[];
  assert.partialDeepStrictEqual(shown, { id: `adopted:${name}`, kind: "adopted", status: "running", scale: 1 });
  assert.partialDeepStrictEqual(instance, { name: `faaso-${name}-1`, current: true, healthy: true });
  assert.ok((shown.urls as string[]).some((url) => url.endsWith(`:${server.port}/funko/${name}/`)));
  const { data } = (await server.api({ path: "/api/functions?limit=100" })).json<{ data: { name: string }[] }>();
  const names = data.map((view) => view.name);
  assert.ok(names.includes(name));
  assert.deepEqual(names, names.toSorted());
  for (const [method, path] of [
    ["POST", "/stop"],
    ["POST", "/start"],
    ["POST", "/restart"],
    ["POST", "/rollback"],
    ["POST", "/deploy"],
    ["GET", "/logs"],
    ["DELETE", ""],
  ] as const) {
    const answer = await server.api({ method, path: `/api/functions/${name}${path}` });
    assert.equal(answer.status, 409, `${method} ${path}: ${answer.text}`);
    assert.match(answer.text, /started outside Slipway, which never changes it/);
  }
  assert.equal((await container.inspect()).State.Running, true);
});

test("names of the platform and containers without the name are left alone", async () => {
  const plain = `database${randomHex(4)}`;
  await run(plain);
  const [proxy, last] = [await run(`faaso-proxy-${randomHex(4)}`), `t${randomHex(4)}`];
  await run(`faaso-${last}`);
  await becomes(last, 200);
  assert.equal((await funko(plain)).status, 404);
  assert.equal((await funko("proxy")).status, 404);
  assert.equal((await proxy.inspect()).State.Running, true);
});

test("a function of ours wins over one started outside, and the log says so once", async () => {
  const name = `t${randomHex(4)}`;
  await addTinyRuntime(server);
  const container = await run(`faaso-${name}`);
  await becomes(name, 200);
  await deploy(server, { name, files: appFiles(`response.end("ours")`) });
  assert.equal((await funko(name)).text, "ours");
  assert.equal((await server.api({ path: `/api/functions/${name}` })).json().kind, "function");
  const warnings = server.output
    .split("\n")
    .filter((line) => line.includes(name) && line.includes("started outside, "));
  assert.equal(warnings.length, 1, server.output);
  await server.api({ method: "DELETE", path: `/api/functions/${name}` });
  assert.match((await becomes(name, 200)).text, /^faaso-/);
  assert.equal((await container.inspect()).State.Running, true);
});

test("what was started while control was away is adopted when it is back", async () => {
  const [early, late] = [`t${randomHex(4)}`, `t${randomHex(4)}`];
  await run(`faaso-${early}`);
  await becomes(early, 200);
  process.kill(await server.controlPid(), "SIGKILL");
  assert.equal((await funko(early)).status, 200);
  await run(`faaso-${late}`);
  await eventually(async () => assert.equal((await funko(late)).status, 200, server.output));
  assert.equal((await funko(early)).status, 200);
});
