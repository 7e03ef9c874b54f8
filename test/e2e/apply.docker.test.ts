/** Staged changes on a real server: applied whole or not at all, whatever happens while they are. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "../engine/eventually.ts";
import { makeImage } from "../engine/labelled-image.ts";
import { ensureTinyImage } from "../engine/tiny-image.ts";
import { TestCanvasClient } from "../support/canvas-client.ts";
import type { Answer } from "./ask.ts";
import { WEB } from "./image-services.ts";
import { TestServer } from "./test-server.ts";

let server: TestServer;
let image: string;
/** The same, with a command of its own. */
let runnable: string;

before(async () => {
  image = await ensureTinyImage();
  server = await TestServer.start();
  runnable = `${server.prefix}-web:1`;
  await makeImage(runnable, [`CMD ${JSON.stringify(["node", "-e", WEB])}`, "EXPOSE 80"]);
});
after(() => server.close());

type Service = { readonly id: string; readonly name: string; readonly status: string };
type Listed<T> = { readonly data: readonly T[] };

function api(method: string, path: string, body?: object): Promise<Answer> {
  const json = body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  return server.api({ method, path: `/api/projects${path}`, ...json });
}

async function told<T>(status: number, asked: Promise<Answer>): Promise<T> {
  const answer = await asked;
  assert.equal(answer.status, status, answer.text);
  return answer.json<T>();
}

const web = (name: string) => ({
  ...{ name, image, command: ["node", "-e", WEB], ports: [{ container_port: 80 }] },
  ...{ env_vars: { VERSION: "v0" } },
});

const servicesOf = async (project: string) =>
  (await told<Listed<Service>>(200, api("GET", `/${project}/services?limit=100`))).data;
const staged = async (project: string) =>
  (await told<Listed<{ id: string; op: string }>>(200, api("GET", `/${project}/pending-changes`))).data;
const containersOf = (slug: string) =>
  server.engine.listContainers({ filters: { name: [`${server.prefix}-${slug}-`] } });

const settled = (project: string, count: number) =>
  eventually(async () => {
    const services = await servicesOf(project);
    const others = services.filter(({ status }) => status !== "running");
    assert.deepEqual(
      others.map(({ name, status }) => `${name} is ${status}`),
      [],
    );
    assert.equal(services.length, count);
  }, 90_000);

/** From the request to the death of control, in milliseconds: before it is written, while and after. */
const KILLS_AFTER_MS = [5, 30, 80];

test("control is killed while ten services are applied: the log is whole or gone, and none of them is lost or doubled", async (t) => {
  const { id, slug } = await told<{ id: string; slug: string }>(201, api("POST", "", { name: "Ten" }));
  for (let n = 0; n < 10; n += 1) await told(201, api("POST", `/${id}/services`, web(`s${n}`)));
  await settled(id, 10);
  const token = await server.passkey();
  for (const [round, afterMs] of KILLS_AFTER_MS.entries()) {
    const services = await servicesOf(id);
    const [first, last] = [services[0], services.at(-1)];
    await told(200, api("DELETE", `/${id}/services/${first?.id}`));
    const canvas = await TestCanvasClient.join(server.url, id, token);
    const draft = { draft_id: "d", name: first?.name, image: runnable, env_vars: [{ key: "VERSION", value: "new" }] };
    canvas.say("service:create", { ...draft, x: 0, y: 0 });
    await canvas.next("service:created");
    await canvas.close();
    await told(200, api("PATCH", `/${id}/services/${last?.id}`, { name: `renamed${round}` }));
    await told(201, api("POST", `/${id}/env-vars`, { key: `ROUND_${round}`, value: "1" }));
    const control = await server.controlPid();
    const asked = api("POST", `/${id}/deploy`);
    await wait(afterMs);
    process.kill(control, "SIGKILL");
    const { status } = await asked;
    const left = await eventually(() => staged(id), 30_000);
    t.diagnostic(`killed after ${afterMs} ms: answered ${status}, ${left.length} of 4 left`);
    assert.ok(left.length === 4 || left.length === 0, `${left.length} left`);
    if (left.length > 0) await told(200, api("POST", `/${id}/deploy`));
    await settled(id, 10);
    const containers = await eventually(async () => {
      const found = await containersOf(slug);
      assert.equal(found.length, 10);
      return found;
    }, 30_000);
    for (const { Id, Names } of containers) {
      const { Config } = await server.engine.getContainer(Id).inspect();
      assert.ok(Config.Env.includes(`ROUND_${round}=1`), `${Names}: ${Config.Env}`);
    }
  }
});

/** Answers what the service that `DB` names says. */
const ASK_DB = `
require("node:http").createServer((request, response) => {
  require("node:http").get("http://" + process.env.DB, { agent: false }, (said) => said.pipe(response))
    .on("error", (error) => response.end(error.code));
}).listen(80);
process.on("SIGTERM", () => process.exit(0));`;

test("rolled back to before a rename, a service finds the renamed one by its old name, until another one has that", async () => {
  const { id, slug } = await told<{ id: string; slug: string }>(201, api("POST", "", { name: "Names" }));
  const db = await told<Service>(201, api("POST", `/${id}/services`, web("db")));
  const app = { ...web("app"), command: ["node", "-e", ASK_DB], private: false };
  const { id: appId } = await told<Service>(201, api("POST", `/${id}/services`, app));
  const said = (text: string) =>
    eventually(async () => assert.equal((await server.call(`app-${slug}`)).text, text), 30_000);
  await told(201, api("POST", `/${id}/services/${appId}/env-vars`, { key: "DB", value: "${{ db.HOST }}" }));
  await told(200, api("POST", `/${id}/deploy`));
  await settled(id, 2);
  await said("v0");
  const before = await told<{ active_deployment_id: string }>(200, api("GET", `/${id}/services/${appId}`));
  await told(200, api("PATCH", `/${id}/services/${db.id}`, { name: "data" }));
  await told(200, api("POST", `/${id}/deploy`));
  await eventually(async () => assert.notEqual((await active(id, appId)).id, before.active_deployment_id), 30_000);
  await told(201, api("POST", `/${id}/services/${db.id}/deployments`, { env_vars: { VERSION: "v1" } }));
  await said("v1");
  const back = { deployment_id: before.active_deployment_id };
  await told(200, api("POST", `/${id}/services/${appId}/rollback`, back));
  await eventually(async () => assert.equal((await active(id, appId)).id, before.active_deployment_id), 30_000);
  await said("v1");
  await told(201, api("POST", `/${id}/services`, { ...web("db"), env_vars: { VERSION: "another" } }));
  await said("another");
});

async function active(project: string, service: string): Promise<{ readonly id: string }> {
  const answer = api("GET", `/${project}/services/${service}`);
  return (await told<{ active_deployment: { id: string } }>(200, answer)).active_deployment;
}

test("what the engine refuses to make fails with its words, at once; what served serves on", async () => {
  const { id, slug } = await told<{ id: string; slug: string }>(201, api("POST", "", { name: "Refused" }));
  const { id: service } = await told<Service>(201, api("POST", `/${id}/services`, { ...web("app"), private: false }));
  await settled(id, 1);
  await told(200, api("PATCH", `/${id}/services/${service}`, { command: [] }));
  await told(200, api("POST", `/${id}/deploy`));
  type Deployment = { readonly status: string; readonly failure_reason: string | null };
  const failed = await eventually(async () => {
    const [newest] = (await told<Listed<Deployment>>(200, api("GET", `/${id}/services/${service}/deployments`))).data;
    assert.equal(newest?.status, "failed");
    return newest;
  }, 30_000);
  assert.match(failed.failure_reason ?? "", /^container start failed: .*No command specified/);
  await settled(id, 1);
  assert.equal((await server.call(`app-${slug}`)).text, "v0");
});
