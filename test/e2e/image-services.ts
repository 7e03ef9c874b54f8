/** Image services as tests make them through the API, and clients on their network. */

import assert from "node:assert/strict";
import { eventually } from "../engine/eventually.ts";
import type { Answer } from "./ask.ts";
import type { TestServer } from "./test-server.ts";

export type ServiceAnswer = { readonly id: string; readonly name: string; readonly status: string };
export type DeploymentAnswer = {
  readonly id: string;
  readonly status: string;
  readonly image: string;
  readonly failure_reason: string | null;
  readonly exit_code: number | null;
  readonly log_tail: string | null;
  readonly attempt_count: number;
};

/** Asks below the project `default`. */
export async function inProject(server: TestServer, method: string, path: string, body?: object): Promise<Answer> {
  return server.api({
    method,
    path: `/api/projects/default${path}`,
    ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
}

/** Makes the service; it is deployed at once. */
export async function createService(server: TestServer, body: object): Promise<ServiceAnswer> {
  const answer = await inProject(server, "POST", "/services", body);
  assert.equal(answer.status, 201, answer.text);
  return answer.json<ServiceAnswer>();
}

export async function redeploy(server: TestServer, serviceId: string, body: object): Promise<DeploymentAnswer> {
  const answer = await inProject(server, "POST", `/services/${serviceId}/deployments`, body);
  assert.equal(answer.status, 201, answer.text);
  return outcomeOf(server, serviceId, answer.json<DeploymentAnswer>().id);
}

/** Newest first. */
export async function deploymentsOf(server: TestServer, serviceId: string): Promise<readonly DeploymentAnswer[]> {
  const answer = await inProject(server, "GET", `/services/${serviceId}/deployments?limit=100`);
  return answer.json<{ data: readonly DeploymentAnswer[] }>().data;
}

/** Waits until it is known how the deployment (absent: the newest) ended, and answers it. */
export async function outcomeOf(server: TestServer, serviceId: string, id?: string): Promise<DeploymentAnswer> {
  return eventually(async () => {
    const found = (await deploymentsOf(server, serviceId)).find((d) => id === undefined || d.id === id);
    assert.ok(found !== undefined && !["building", "pending", "starting"].includes(found.status), found?.status);
    return found;
  }, 60_000);
}

export async function statusOf(server: TestServer, serviceId: string): Promise<string> {
  return (await inProject(server, "GET", `/services/${serviceId}`)).json<ServiceAnswer>().status;
}

export type NetworkReport = {
  readonly sent: number;
  /** What went wrong, by its code, with how often. */
  readonly failed: Readonly<Record<string, number>>;
  /** Bodies seen, with how often. */
  readonly bodies: Readonly<Record<string, number>>;
  readonly slowestMs: number;
};

export type NetworkClient = { end(): Promise<NetworkReport> };

/** Asks `url` from inside the project's network, each request over a connection and a look-up of its own, until it ends. */
export async function startNetworkClient(server: TestServer, url: string, clients = 12): Promise<NetworkClient> {
  const container = await server.engine.createContainer({
    name: `${server.prefix}-client-${Math.random().toString(16).slice(2, 8)}`,
    Image: "slipway/base-node:24",
    Cmd: ["node", "-e", CLIENT, url, String(clients)],
    HostConfig: { NetworkMode: `${server.prefix}-default`, Init: true },
  });
  await container.start();
  return {
    async end() {
      await container.stop();
      const log = await container.logs({ stdout: true, stderr: true, tail: 20 });
      await container.remove({ force: true });
      const text = log.toString();
      const json = text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1);
      return JSON.parse(json) as NetworkReport;
    },
  };
}

const CLIENT = `
const [url, clients] = process.argv.slice(1);
const report = { sent: 0, failed: {}, bodies: {}, slowestMs: 0 };
const count = (of, key) => { of[key] = (of[key] ?? 0) + 1; };
let isOver = false;
function once() {
  const startedAt = performance.now();
  report.sent += 1;
  return new Promise((resolve) => {
    const fail = (error) => { count(report.failed, error.code ?? error.message); resolve(); };
    const sent = require("node:http").get(url, { agent: false, signal: AbortSignal.timeout(20000) }, (response) => {
      let body = "";
      response.on("data", (chunk) => { body += chunk; });
      response.on("error", fail);
      response.on("end", () => {
        report.slowestMs = Math.max(report.slowestMs, Math.round(performance.now() - startedAt));
        count(response.statusCode === 200 ? report.bodies : report.failed, body);
        resolve();
      });
    });
    sent.on("error", fail);
  });
}
async function client() {
  while (!isOver) { await once(); await new Promise((resolve) => setTimeout(resolve, 3)); }
}
process.on("SIGTERM", () => { isOver = true; });
Promise.all(Array.from({ length: Number(clients) }, client)).then(() => console.log(JSON.stringify(report)));
`;

/** A web server on port 80 that answers \`VERSION\` after a moment, and ends when it is told to once its requests are answered. */
export const WEB = `
const server = require("node:http").createServer((request, response) => setTimeout(() => response.end(process.env.VERSION), 2));
server.listen(80);
process.on("SIGTERM", () => server.close(() => process.exit(0)));
`;
