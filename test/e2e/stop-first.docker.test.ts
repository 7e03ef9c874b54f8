/** Services over a volume or a host port: one copy at a time, requests wait meanwhile, and nothing is lost. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { findFreePort } from "../../src/lib/free-port.ts";
import { eventually } from "../engine/eventually.ts";
import { ensureTinyImage } from "../engine/tiny-image.ts";
import { startLoad } from "../support/load.ts";
import { ask } from "./ask.ts";
import { createService, inProject, outcomeOf, redeploy, WEB } from "./image-services.ts";
import { TestServer } from "./test-server.ts";

let server: TestServer;
let image: string;

before(async () => {
  image = await ensureTinyImage();
  server = await TestServer.start();
});
after(() => server.close());

/** Writes down when it starts and ends; two at once would stand there as such. */
const OVER_DATA = `
const { appendFileSync } = require("node:fs");
appendFileSync("/data/log", "start " + process.env.VERSION + "\\n");
${WEB}
process.on("exit", () => appendFileSync("/data/log", "end " + process.env.VERSION + "\\n"));`;
const BROKEN = `require("node:fs").appendFileSync("/data/log", "start broken\\nend broken\\n"); process.exit(7)`;
const command = (program: string) => ["node", "-e", program];
const version = (n: number) => ({ env_vars: { VERSION: `v${n}` }, command: command(OVER_DATA) });

test("a service over a volume is redeployed, fails, is rolled back, and no request through the gateway is lost", async (t) => {
  const { id } = await createService(server, {
    ...{ ...version(1), name: "data", image, private: false, ports: [{ container_port: 80 }] },
    volumes: [{ source: "data", target: "/data" }],
  });
  const first = await outcomeOf(server, id);
  assert.equal(first.status, "healthy", first.failure_reason ?? "");
  const load = startLoad(server.port, "data.localhost");
  assert.equal((await redeploy(server, id, version(2))).status, "healthy");
  const failed = await redeploy(server, id, { command: command(BROKEN) });
  assert.deepEqual([failed.status, failed.exit_code], ["failed", 7]);
  await eventually(async () => assert.equal((await server.call("data")).text, "v2"));
  const back = await inProject(server, "POST", `/services/${id}/rollback`, { deployment_id: first.id });
  assert.equal(back.status, 200, back.text);
  await eventually(async () => assert.equal((await server.call("data")).text, "v1"), 30_000);
  const { sent, lost, bodies, slowestMs } = await load.end();
  t.diagnostic(`${sent} requests, the slowest ${Math.round(slowestMs)} ms`);
  assert.deepEqual(lost, {}, `${sent} sent`);
  assert.deepEqual(Object.keys(bodies).toSorted(), ["v1", "v2"]);

  const log = (await readFile(join(server.dataDir, "volumes/default/data/data/log"), "utf8")).trim().split("\n");
  assert.ok(log.length >= 9 && log.includes("start broken"), log.join(", "));
  for (const [i, line] of log.entries())
    assert.equal(line.startsWith("end"), i % 2 === 1, `two had the volume at once: ${log.join(", ")}`);
  assert.deepEqual([log[0], log.at(-1)], ["start v1", "start v1"]);
});

test("a host port is bound on the loopback address alone, handed over, and one that is taken fails the deployment by name", async () => {
  const hostPort = await findFreePort();
  const ports = (host: number) => [{ container_port: 80, host_port: host }];
  const given = (n: number) => ({ command: command(WEB), env_vars: { VERSION: `v${n}` } });
  const { id } = await createService(server, { ...given(1), name: "ported", image, ports: ports(hostPort) });
  const first = await outcomeOf(server, id);
  assert.equal(first.status, "healthy", first.failure_reason ?? "");
  const said = async () => (await ask(`http://127.0.0.1:${hostPort}`)).text;
  assert.equal(await said(), "v1");
  const [container] = await server.engine.listContainers({ filters: { name: [`${server.prefix}-default-ported-`] } });
  assert.deepEqual(
    container?.Ports.map(({ IP, PublicPort }) => [IP, PublicPort]),
    [["127.0.0.1", hostPort]],
  );
  assert.equal((await redeploy(server, id, given(2))).status, "healthy");
  assert.equal(await said(), "v2");

  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  const taken = typeof address === "object" ? (address?.port ?? 0) : 0;
  const failed = await redeploy(server, id, { ...given(3), ports: ports(taken) });
  other.close();
  assert.equal(failed.status, "failed");
  assert.match(
    failed.failure_reason ?? "",
    new RegExp(`^container start failed: Host port 127\\.0\\.0\\.1:${taken} is in use`),
  );
  await eventually(async () => assert.equal(await said(), "v2"));
});
