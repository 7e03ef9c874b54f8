/** Names that last: what is on a project's network finds a service by its name, whatever happens to its instances. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventually } from "../engine/eventually.ts";
import { ensureTinyImage } from "../engine/tiny-image.ts";
import {
  createService,
  deploymentsOf,
  inProject,
  outcomeOf,
  redeploy,
  startNetworkClient,
  WEB,
} from "./image-services.ts";
import { TestServer } from "./test-server.ts";

let server: TestServer;
let image: string;

before(async () => {
  image = await ensureTinyImage();
  server = await TestServer.start();
});
after(() => server.close());

const version = (n: number) => ({ env_vars: { VERSION: `v${n}` } });

for (const replicas of [1, 3]) {
  test(`over ten redeploys, scaling and a rollback of ${replicas} no connection by name is refused or lost`, async (t) => {
    const name = `web${replicas}`;
    const { id } = await createService(server, {
      ...{ name, image, command: ["node", "-e", WEB], ports: [{ container_port: 80 }], replicas },
      ...{ env_vars: { VERSION: "v0" } },
    });
    assert.equal((await outcomeOf(server, id)).status, "healthy");
    const client = await startNetworkClient(server, `http://${name}/`);
    for (let n = 1; n <= 10; n += 1) assert.equal((await redeploy(server, id, version(n))).status, "healthy");
    const scale = async (count: number): Promise<void> => {
      assert.equal((await inProject(server, "POST", `/services/${id}/scale`, { replicas: count })).status, 200);
      await eventually(async () => assert.equal((await running(name)).length, count), 30_000);
    };
    await scale(replicas + 2);
    await scale(replicas);
    const target = (await deploymentsOf(server, id)).find((d) => d.status === "superseded");
    await inProject(server, "POST", `/services/${id}/rollback`, { deployment_id: target?.id });
    await outcomeOf(server, id, target?.id);
    await eventually(async () => assert.equal((await running(name)).length, replicas), 30_000);
    const { sent, failed, bodies, slowestMs } = await client.end();
    t.diagnostic(`${sent} requests, the slowest ${slowestMs} ms`);
    assert.deepEqual(failed, {}, `${sent} sent, slowest ${slowestMs} ms`);
    assert.ok(sent > 1_000, `${sent} sent`);
    // One that is replaced at once may be seen by nobody.
    assert.ok(Object.keys(bodies).length >= 6, JSON.stringify(bodies));
  });
}

async function running(name: string) {
  return server.engine.listContainers({ filters: { name: [`${server.prefix}-default-${name}-`] } });
}
