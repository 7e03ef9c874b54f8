/**
 * A Slipway server in memory for the tests of the command line: real HTTP on a free port, answers as the API gives them,
 * and a record of what was asked. A test changes its fields or replaces a route.
 */

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { DeploymentView, FunctionView, InstanceView, RuntimeView } from "../api-views.ts";
import { deploymentView, functionView, RUNTIMES } from "./views.ts";

export const TOKEN = "the-passkey";
const RUNTIME_FILES = ["Dockerfile", "README.md", "template/index.js"];
export const CLAIM_TOKEN = "one-time";

export type Asked = { readonly method: string; readonly path: string; readonly body: Buffer };
export type Route = (request: Asked, response: ServerResponse) => void | Promise<void>;

export class FakeServer implements AsyncDisposable {
  version = "0.1.0";
  functions: FunctionView[] = [functionView({ name: "hello" })];
  runtimes: readonly RuntimeView[] = RUNTIMES;
  /** What looking at a deployment answers, one after the other, the last one for ever. */
  deployments: DeploymentView[] = [deploymentView({})];
  buildLog = "step 1\nstep 2\n";
  /** By `METHOD /path` without query; come before the built-in ones. */
  readonly routes = new Map<string, Route>();
  readonly asked: Asked[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      response.setHeader("x-slipway-version", this.version);
      this.#handle(request, response).catch((error: Error) => response.destroy(error));
    });
  }

  static async open(): Promise<FakeServer> {
    const fake = new FakeServer();
    fake.#server.listen(0, "127.0.0.1");
    await once(fake.#server, "listening");
    return fake;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  }

  /** `METHOD /path?query` of everything asked but the look at the version, in order. */
  get calls(): readonly string[] {
    return this.asked.map((a) => `${a.method} ${a.path}`).filter((call) => call !== "GET /api/system/info");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const asked = { method: request.method ?? "", path: request.url ?? "", body: Buffer.concat(chunks) };
    this.asked.push(asked);
    const key = `${asked.method} ${asked.path.split("?")[0]}`;
    const isOpen = ["GET /healthz", "POST /api/setup/claim", "POST /api/auth/login"].includes(key);
    if (!isOpen && request.headers.authorization !== `Bearer ${TOKEN}`) {
      sendError(response, 401, "unauthorized", "Unknown token.");
      return;
    }
    const route = this.routes.get(key) ?? this.#builtin(key);
    if (route === undefined) sendError(response, 404, "not_found", "There is no such thing.");
    else await route(asked, response);
  }

  #builtin(key: string): Route | undefined {
    const parts = key.split("/");
    const view = this.functions.find((f) => f.name === parts[3]);
    const below = `${key.split(" ")[0]} ${parts
      .slice(4)
      .map((p) => (p.length === 36 ? ":id" : p))
      .join("/")}`;
    const isFunction = key.includes(" /api/functions/");
    if (isFunction) return view === undefined ? undefined : this.#functionRoute(below, view);
    const isRuntime = parts[2] === "runtimes" && parts[3] !== undefined;
    if (isRuntime) return this.#runtimeRoute(parts[0]?.trim() ?? "", parts[3] ?? "");
    return this.#plainRoutes[key];
  }

  readonly #plainRoutes: Readonly<Record<string, Route>> = {
    "GET /healthz": (_, response) => sendJson(response, 200, { status: "ok" }),
    "GET /api/system/info": (_, response) =>
      sendJson(response, 200, { version: this.version, server_id: "s1", address: this.url }),
    "POST /api/system/reload": (_, response) => sendJson(response, 202, {}),
    "POST /api/setup/claim": ({ body }, response) => {
      const isRight = JSON.parse(body.toString()).token === CLAIM_TOKEN;
      if (isRight) sendJson(response, 200, { token: TOKEN });
      else sendError(response, 401, "unauthorized", "This claim token is used up or wrong.");
    },
    // Projects with nothing but functions.
    "GET /api/projects": (_, response) => sendPage(response, []),
    "GET /api/functions": (_, response) => sendPage(response, this.functions),
    "GET /api/runtimes": (_, response) => sendJson(response, 200, { data: this.runtimes }),
    "POST /api/functions": (_, response) => {
      const [first = deploymentView({})] = this.deployments;
      const [view] = this.functions;
      sendJson(response, 202, { function: view, deployment: first, detected: "node (package.json)", unchanged: false });
    },
  };

  #functionRoute(below: string, view: FunctionView): Route | undefined {
    const answerView: Route = (_, response) => sendJson(response, 200, view);
    const routes: Readonly<Record<string, Route>> = {
      "GET ": answerView,
      "DELETE ": (_, response) => {
        this.functions = this.functions.filter((f) => f !== view);
        response.writeHead(204).end();
      },
      "POST scale": ({ body }, response) => {
        const { replicas } = JSON.parse(body.toString()) as { replicas: number };
        const scaled = scaledView(view, replicas);
        this.functions = this.functions.map((f) => (f === view ? scaled : f));
        sendJson(response, 200, { function: scaled, unchanged: replicas === view.replicas });
      },
      "POST deploy": (_, response) => {
        const [deployment = deploymentView({})] = this.deployments;
        sendJson(response, 200, { function: view, deployment, detected: null, unchanged: false });
      },
      "POST start": answerView,
      "POST stop": (_, response) => sendJson(response, 200, { ...view, status: "stopped" }),
      "POST restart": answerView,
      "POST rollback": answerView,
      "GET deployments": (_, response) => sendPage(response, this.deployments),
      "GET deployments/:id": (_, response) => {
        const next = this.deployments.length > 1 ? this.deployments.shift() : this.deployments[0];
        sendJson(response, 200, next);
      },
      "GET deployments/:id/log": (_, response) => {
        response.writeHead(200, { "content-type": "text/plain" }).end(this.buildLog);
      },
      "POST deployments/:id/cancel": (_, response) => sendJson(response, 200, deploymentView({ status: "cancelled" })),
      "GET logs": (_, response) => sendLogs(response),
    };
    return routes[below];
  }

  #runtimeRoute(method: string, name: string): Route | undefined {
    const runtime = this.runtimes.find((r) => r.name === name);
    if (method === "PUT") return (_, response) => sendJson(response, 200, { ...RUNTIMES[0], name, origin: "uploaded" });
    if (runtime === undefined) return undefined;
    if (method === "DELETE") {
      return (_, response) => {
        response.writeHead(204).end();
      };
    }
    return (_, response) => sendJson(response, 200, { ...runtime, content: "FROM scratch\n", files: RUNTIME_FILES });
  }
}

export function sendJson(response: ServerResponse, status: number, document: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(document));
}

export function sendError(
  response: ServerResponse,
  status: number,
  error: string,
  message: string,
  more: object = {},
): void {
  sendJson(response, status, { error, message, requestId: "req-1", ...more });
}

function scaledView(view: FunctionView, replicas: number): FunctionView {
  const [first] = functionView({}).instances;
  const instances = Array.from({ length: replicas }, (_, i) => ({ ...first, id: `i${i + 1}` }) as InstanceView);
  return { ...view, replicas, scale: replicas, instances, status: replicas === 0 ? "stopped" : "running" };
}

function sendPage(response: ServerResponse, data: readonly unknown[]): void {
  sendJson(response, 200, { data, total_count: data.length, offset: 0, limit: 100 });
}

function sendLogs(response: ServerResponse): void {
  const line = {
    container_id: "c1",
    instance: "hello-0",
    stream: "stdout",
    line: "listening",
    at: "2026-01-02T03:04:05Z",
  };
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.end(`: ping\n\ndata: ${JSON.stringify(line)}\n\nevent: end\ndata: {}\n\n`);
}
