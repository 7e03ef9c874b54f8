/** Staged changes applied, and rolled back, through the API of a real server; each waits until its deployment serves. */

import assert from "node:assert/strict";
import type { TestServer } from "../test/e2e/test-server.ts";
import { eventually } from "../test/engine/eventually.ts";

type Deployments = {
  readonly data: readonly { readonly id: string; readonly status: string; readonly active: boolean }[];
};

const PROJECT = "/api/projects/default";

/** Changes a kept variable of the service so many times, then goes back so many deployments. */
export async function applyAndRollBack(server: TestServer, service: string, times: number): Promise<void> {
  const set = await send(server, "POST", `${PROJECT}/services/${service}/env-vars`, { key: "LEVEL", value: "0" });
  assert.equal(set.status, 201, set.text);
  await apply(server, service);
  const { data } = (await server.api({ path: `${PROJECT}/services/${service}/env-vars` })).json<{
    data: { id: string }[];
  }>();
  const path = `${PROJECT}/services/${service}/env-vars/${data[0]?.id}`;
  for (let n = 1; n <= times; n += 1) {
    await send(server, "PATCH", path, { value: String(n) });
    await apply(server, service);
  }
  for (let n = 0; n < times; n += 1) {
    const before = (await deploymentsOf(server, service)).data.filter((d) => d.status === "superseded" && !d.active);
    await send(server, "POST", `${PROJECT}/services/${service}/rollback`, { deployment_id: before[0]?.id });
    await serves(server, service, before[0]?.id ?? "");
  }
}

async function apply(server: TestServer, service: string): Promise<void> {
  const answer = await send(server, "POST", `${PROJECT}/deploy`, {});
  assert.equal(answer.status, 200, answer.text);
  const [created] = answer.json<{ created_deployments: { id: string }[] }>().created_deployments;
  await serves(server, service, created?.id ?? "");
}

async function serves(server: TestServer, service: string, id: string): Promise<void> {
  await eventually(async () => {
    const found = (await deploymentsOf(server, service)).data.find((d) => d.id === id);
    assert.deepEqual([found?.status, found?.active], ["healthy", true]);
  }, 60_000);
}

async function deploymentsOf(server: TestServer, service: string): Promise<Deployments> {
  return (await server.api({ path: `${PROJECT}/services/${service}/deployments?limit=100` })).json<Deployments>();
}

function send(server: TestServer, method: string, path: string, body: object) {
  return server.api({ method, path, body: JSON.stringify(body), headers: { "content-type": "application/json" } });
}
