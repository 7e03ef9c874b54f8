/** Staged changes on a real server: applied whole or not at all, whatever happens while they are. */

import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { eventually } from "../engine/eventually.ts";
import { ensureTinyImage } from "../engine/tiny-image.ts";
import { TestCanvasClient } from "../support/canvas-client.ts";
import type { Answer } from "./ask.ts";
import { WEB } from "./image-services.ts";
import { TestServer } from "./test-server.ts";

let server: TestServer;
let image: string;

before(async () => {
  image = await ensureTinyImage();
  server = await TestServer.start();
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

test("control is killed at any moment of an apply: the log is whole or gone, and no service is lost or doubled", async (t) => {
  const { id, slug } = await told<{ id: string; slug: string }>(201, api("POST", "", { name: "Ten" }));
  for (let n = 0; n < 10; n += 1) await told(201, api("POST", `/${id}/services`, web(`s${n}`)));
  const settled = (count: number) =>
    eventually(async () => {
      const services = await servicesOf(id);
      assert.deepEqual(services.filter(({ status }) => status !== "running").map((s) => `${s.name} ${s.status}`), []);
      assert.equal(services.length, count);
      assert.equal((await containersOf(slug)).length, count);
    }, 90_000);
  await settled(10);
  const token = await server.passkey();
  for (let round = 1; round <= 5; round += 1) {
    const canvas = await TestCanvasClient.join(server.url, id, token);
    const services = await servicesOf(id);
    const [first, last] = [services[0], services.at(-1)];
    await told(200, api("DELETE", `/${id}/services/${first?.id}`));
    canvas.say("service:create", { draft_id: "d", name: first?.name, image, x: 0, y: 0, env_vars: [{ key: "A", value: "1" }] });
    await canvas.next("service:created");
    await canvas.close();
    await told(200, api("PATCH", `/${id}/services/${last?.id}`, { name: `t${round}` }));
    const vars = (await told<Listed<{ id: string; key: string }>>(200, api("GET", `/${id}/env-vars`))).data;
    const level = vars.find((v) => v.key === "LEVEL");
    if (level === undefined) await told(201, api("POST", `/${id}/env-vars`, { key: "LEVEL", value: `${round}` }));
    else await told(200, api("PATCH", `/${id}/env-vars/${level.id}`, { value: `${round}` }));
    assert.equal((await staged(id)).length, 4);
    const pid = await server.controlPid();
    const delay = randomInt(0, 120);
    const asked = api("POST", `/${id}/deploy`).catch(() => undefined);
    await wait(delay);
    process.kill(pid, "SIGKILL");
    const answer = await asked;
    const left = await eventually(() => staged(id), 30_000);
    t.diagnostic(`round ${round}: killed after ${delay} ms, ${answer?.status}, ${left.length} left`);
    assert.ok(left.length === 4 || left.length === 0, `${left.length} left`);
    if (left.length > 0) await told(200, api("POST", `/${id}/deploy`));
    await settled(10);
    for (const { Id, Names } of await containersOf(slug)) {
      const { Config } = await server.engine.getContainer(Id).inspect();
      assert.ok(Config.Env.includes(`LEVEL=${round}`), `${Names}: ${Config.Env}`);
    }
  }
});
