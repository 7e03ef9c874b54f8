import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import type { DeployTest } from "../domain/deployment.ts";
import { runDeployTest, type TestTarget } from "./run-deploy-test.ts";

const ping: DeployTest = { kind: "http", path: "/ping?a=b", status: 200, body: "OK" };
const double: DeployTest = { kind: "message", input: { n: 2 }, output: { n: 4 } };

async function serve(context: TestContext, handle: RequestListener): Promise<TestTarget> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { address: "127.0.0.1", port: (server.address() as AddressInfo).port };
}

test("a path is asked for as it stands, and the right answer passes", async (context) => {
  const asked: unknown[] = [];
  const target = await serve(context, (request, response) => {
    asked.push([request.method, request.url]);
    response.end("OK\n");
  });
  assert.equal(await runDeployTest(target, ping, "http", 1000), null);
  assert.deepEqual(asked, [["GET", "/ping?a=b"]]);
});

test("a message function gets a message, a web function the payload", async (context) => {
  const target = await serve(context, async (request, response) => {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const isMessage = request.headers["content-type"] === "application/vnd.slipway.message+json";
    const { n } = isMessage ? JSON.parse(text).payload : JSON.parse(text);
    response.end(JSON.stringify(isMessage ? { context: { error: null }, payload: { n: n * 2 } } : { n: n * 2 }));
  });
  assert.equal(await runDeployTest(target, double, "message", 1000), null);
  assert.equal(await runDeployTest(target, double, "http", 1000), null);
  const wrong = await runDeployTest(target, { ...double, output: { n: 5 } }, "message", 1000);
  assert.equal(wrong, 'its test expected the output {"n":5}, got {"n":4}');
});

test("no answer in time, a cut connection and a closed port are told as what they are", async (context) => {
  const silent = await serve(context, () => undefined);
  assert.match((await runDeployTest(silent, ping, "http", 50)) ?? "", /got no answer: nothing came within 50 ms/);
  const cutting = await serve(context, (request) => request.socket.destroy());
  assert.match((await runDeployTest(cutting, ping, "http", 1000)) ?? "", /got no answer: the connection was closed/);
  const halfway = await serve(context, (_request, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("O", () => response.destroy());
  });
  assert.match((await runDeployTest(halfway, ping, "http", 1000)) ?? "", /got no answer/);
  const closed = { address: "127.0.0.1", port: 1 };
  assert.match((await runDeployTest(closed, ping, "http", 150)) ?? "", /got no answer/);
});

test("an answer without an end is judged by its beginning", async (context) => {
  const target = await serve(context, (_request, response) => {
    const more = (): void => void response.write("x".repeat(65_536), more);
    more();
  });
  assert.match((await runDeployTest(target, ping, "http", 5000)) ?? "", /expected the body "OK", got "xxx/);
});
