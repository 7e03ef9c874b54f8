/** Canvas and logs of a real server: through its gateway, with slow readers, over a restart of control and a reload. */

import assert from "node:assert/strict";
import { type IncomingMessage, request } from "node:http";
import { after, before, test } from "node:test";
import { pssBytes } from "../../bench/process-cost.ts";
import { eventually } from "../engine/eventually.ts";
import { TestCanvasClient } from "../support/canvas-client.ts";
import { TestServer } from "./test-server.ts";
import { addTinyRuntime, appFiles, deploy } from "./uploads.ts";

let server: TestServer;
let token: string;

/** Prints so many lines as it is asked to: `/?lines=N`. */
const PRINTER = appFiles(`
  const { searchParams } = new URL(request.url, "http://x");
  const count = Number(searchParams.get("lines") ?? 0);
  for (let i = 0; i < count; i += 1) console.log("line " + i + " " + "x".repeat(100));
  response.end("printed");`);

before(async () => {
  server = await TestServer.start();
  token = await server.passkey();
  await addTinyRuntime(server);
  await deploy(server, { name: "talker", files: PRINTER });
});
after(() => server.close());

const LOGS = "/api/projects/default/services/talker/logs";

function open(path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: token };
    request(`${server.url}${path}`, { headers, agent: false }, resolve).on("error", reject).end();
  });
}

function reader(answer: IncomingMessage): { lines: number; isEnded: boolean } {
  const seen = { lines: 0, isEnded: false };
  let rest = "";
  answer.setEncoding("utf8").on("data", (text: string) => {
    const events = (rest + text).split("\n\n");
    rest = events.pop() ?? "";
    seen.lines += events.filter((event) => event.includes('"line":')).length;
  });
  answer.on("close", () => {
    seen.isEnded = true;
  });
  return seen;
}

test("through the gateway: signing in, the state with the function's node, edits to the others, deployments as they happen", async () => {
  const [me, other] = [
    await TestCanvasClient.join(server.url, "default", token),
    await TestCanvasClient.join(server.url, "default", token),
  ];
  const { nodes } = me.payloadAt<{ nodes: { label: string; service_id: string | null }[] }>(0);
  assert.ok(nodes.some(({ label, service_id }) => label === "talker" && service_id !== null));
  me.say("node:upsert", { type: "note", label: "hello", position_x: 1, position_y: 2 });
  const { id } = await other.next<{ id: string }>("node:upserted");
  me.say("node:move", { positions: [{ id, x: 5, y: 5 }] });
  assert.deepEqual((await other.next("node:moved")).positions, [{ id, x: 5, y: 5 }]);
  await server.api({ method: "POST", path: "/api/functions/talker/restart" });
  for (const type of ["deployment:created", "container:created", "deployment:healthy", "container:deleted"])
    await other.next(type);
  await Promise.all([me.close(), other.close()]);
});

test("a WebSocket of an unknown project is a 404 of the API, also through the gateway", async () => {
  const client = new TestCanvasClient(`${server.url.replace("http", "ws")}/api/projects/nowhere/canvas/ws`);
  const status = await new Promise((resolve) =>
    client.ws.once("unexpected-response", (_, answer) => resolve(answer.statusCode)),
  );
  assert.equal(status, 404);
});

test("a reader of logs that does not read costs nothing; one beside it gets every line", async () => {
  await server.call("talker", { path: "/?lines=0" });
  const slow = await open(`${LOGS}?tail=0`);
  slow.pause();
  const quick = reader(await open(`${LOGS}?tail=0`));
  const control = await server.controlPid();
  const before = await pssBytes(control);
  // The engine keeps some megabytes of log: who lags further behind misses lines, so each round is waited for.
  for (let round = 1; round <= 40; round += 1) {
    await server.call("talker", { path: "/?lines=5000" });
    await eventually(() => assert.ok(quick.lines >= round * 5_000, `${quick.lines} lines`), 60_000);
  }
  const grown = (await pssBytes(control)) - before;
  assert.ok(grown < 150 * 1024 ** 2, `${Math.round(grown / 1024 ** 2)} MiB more for a reader that lags`);
  slow.destroy();
});

test("when control is replaced, canvas and logs end so that clients come back, and what was drawn is there", async () => {
  const client = await TestCanvasClient.join(server.url, "default", token);
  client.say("node:upsert", { type: "note", label: "kept", position_x: 1, position_y: 2 });
  const { id } = await client.next<{ id: string }>("node:upserted");
  client.say("node:move", { positions: [{ id, x: 77, y: 78 }] });
  client.say("no-such-type", {});
  await client.next("error");
  const logs = reader(await open(LOGS));
  const control = await server.controlPid();
  process.kill(control, "SIGTERM");
  assert.equal((await client.closed).code, 1001);
  await eventually(() => assert.ok(logs.isEnded));
  const again = await TestCanvasClient.join(server.url, "default", token);
  const { nodes } = again.payloadAt<{ nodes: { id: string; position_x: number }[] }>(0);
  assert.equal(nodes.find((node) => node.id === id)?.position_x, 77);
  await again.close();
});

test("a reload of the server ends its connections in the end, and new ones go on at once", async () => {
  const client = await TestCanvasClient.join(server.url, "default", token);
  const [before] = await server.workerPids();
  await server.api({ method: "POST", path: "/api/system/reload" });
  const again = await TestCanvasClient.join(server.url, "default", token);
  await again.close();
  await client.closed;
  await eventually(async () => assert.ok(!(await server.workerPids()).includes(before ?? 0)), 60_000);
});
