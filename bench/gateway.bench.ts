/** CPU per proxied request of one gateway worker beside nginx and Caddy doing the same, and what the processes hold. */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../src/lib/run.ts";
import { ask } from "../test/e2e/ask.ts";
import { TestServer } from "../test/e2e/test-server.ts";
import { addTinyRuntime, deploy } from "../test/e2e/uploads.ts";
import { eventually } from "../test/engine/eventually.ts";
import { cpuMicros, mib, pssBytes } from "./process-cost.ts";
import { quantile, type Row } from "./table.ts";

const ROUNDS = 3;
const SECONDS = 4;
const CONNECTIONS = 16;
const HOST = "bench.localhost";
/** Answers a small JSON as fast as Node can. */
const APP = {
  "app.js": `const body = JSON.stringify({ hello: "world", list: [1, 2, 3] });
const head = { "content-type": "application/json", "content-length": body.length };
require("node:http").createServer((q, r) => { r.writeHead(200, head); r.end(body); }).listen(Number(process.env.PORT));`,
};

type Proxy = { readonly name: string; readonly port: number; pids(): Promise<readonly number[]>; end(): Promise<void> };
type Sample = { readonly microsPerRequest: number; readonly requestsPerSecond: number };

export async function benchGateway(): Promise<readonly Row[]> {
  const server = await TestServer.start({ env: { SLIPWAY_GATEWAY_WORKERS: "1" } });
  const folder = await mkdtemp(join(tmpdir(), "slipway-bench-"));
  const peers: Proxy[] = [];
  try {
    await addTinyRuntime(server);
    await deploy(server, { name: "bench", files: APP });
    const idle = await memory(server);
    const upstream = await addressOf(server);
    peers.push(await startNginx(folder, upstream), await startCaddy(folder, upstream));
    const own: Proxy = {
      name: "slipway",
      port: server.port,
      pids: () => server.workerPids(),
      end: async () => undefined,
    };
    const samples = await measureInTurn([own, ...peers]);
    return [...cpuRows(samples), ...memoryRows(idle, await memory(server))];
  } finally {
    for (const peer of peers) await peer.end();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Each in turn, round by round, so that a drift of the machine hits all alike. */
async function measureInTurn(proxies: readonly Proxy[]): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const samples = new Map<string, Sample[]>(proxies.map(({ name }) => [name, []]));
  for (const { port } of proxies) await wrk(port, 1);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const proxy of proxies) {
      const pids = await proxy.pids();
      const before = await cpuMicros(pids);
      const { requests, seconds } = await wrk(proxy.port, SECONDS);
      const spent = (await cpuMicros(pids)) - before;
      samples.get(proxy.name)?.push({ microsPerRequest: spent / requests, requestsPerSecond: requests / seconds });
    }
  }
  return samples;
}

async function wrk(port: number, seconds: number): Promise<{ readonly requests: number; readonly seconds: number }> {
  const { stdout } = await run(
    "wrk",
    ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, "-H", `Host: ${HOST}`, `http://127.0.0.1:${port}/`],
    { timeoutMs: 60_000 },
  );
  const match = /(\d+) requests in ([\d.]+)s/.exec(stdout);
  if (match === null || stdout.includes("Non-2xx")) throw new Error(`wrk: ${stdout}`);
  return { requests: Number(match[1]), seconds: Number(match[2]) };
}

function cpuRows(samples: ReadonlyMap<string, readonly Sample[]>): Row[] {
  const median = (name: string, pick: (sample: Sample) => number): number =>
    quantile((samples.get(name) ?? []).map(pick), 0.5);
  const cpu = (name: string): number => median(name, (s) => s.microsPerRequest);
  const rows = [...samples.keys()].map((name) => ({
    what: `${name}: CPU per proxied request (keep-alive, small JSON, p50 of ${ROUNDS})`,
    value: `${cpu(name).toFixed(0)} µs, ${median(name, (s) => s.requestsPerSecond).toFixed(0)}/s`,
  }));
  return [
    ...rows,
    {
      what: "slipway / nginx",
      value: (cpu("slipway") / cpu("nginx")).toFixed(2),
      goal: "≤ 1.5 (with the faster path)",
    },
    {
      what: "slipway / caddy",
      value: (cpu("slipway") / cpu("caddy")).toFixed(2),
      goal: "≤ 0.35 (with the faster path)",
    },
  ];
}

type Memory = { readonly control: number; readonly worker: number };

async function memory(server: TestServer): Promise<Memory> {
  const [worker = 0] = await server.workerPids();
  return { control: await pssBytes(await server.controlPid()), worker: await pssBytes(worker) };
}

function memoryRows(idle: Memory, loaded: Memory): Row[] {
  return [
    { what: "PSS of control, one function", value: mib(idle.control), goal: "≤ 120 MiB" },
    { what: "PSS of one worker, idle", value: mib(idle.worker), goal: "≤ 45 MiB" },
    { what: "PSS of one worker, after the load", value: mib(loaded.worker) },
  ];
}

async function addressOf(server: TestServer): Promise<string> {
  const [container] = await server.engine.listContainers({ filters: { name: [`${server.prefix}-default-bench-`] } });
  return `${Object.values(container?.NetworkSettings.Networks ?? {})[0]?.IPAddress}:8080`;
}

async function startNginx(folder: string, upstream: string): Promise<Proxy> {
  const port = 28_311;
  await writeFile(
    join(folder, "nginx.conf"),
    `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;
events { worker_connections 1024; }
http { access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
upstream app { server ${upstream}; keepalive 64; }
server { listen 127.0.0.1:${port}; location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Host $host; proxy_set_header X-Forwarded-Proto $scheme; } } }\n`,
  );
  return startProxy("nginx", port, "/usr/sbin/nginx", ["-c", join(folder, "nginx.conf"), "-p", folder]);
}

async function startCaddy(folder: string, upstream: string): Promise<Proxy> {
  const port = 28_312;
  await mkdir(join(folder, "caddy"));
  await writeFile(
    join(folder, "Caddyfile"),
    `{\n admin off\n auto_https off\n log {\n output discard\n }\n}\nhttp://:${port} {\n bind 127.0.0.1\n reverse_proxy ${upstream}\n}\n`,
  );
  return startProxy("caddy", port, "caddy", ["run", "--config", join(folder, "Caddyfile")], {
    HOME: join(folder, "caddy"),
  });
}

async function startProxy(
  name: string,
  port: number,
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Proxy> {
  const child = spawn(file, args, { stdio: "ignore", env: { ...process.env, ...env } });
  await eventually(async () => {
    if ((await ask(`http://127.0.0.1:${port}`, { headers: { host: HOST } })).status !== 200)
      throw new Error(`${name} does not answer`);
  });
  return { name, port, pids: () => tree(child), end: () => end(child) };
}

/** The process and its children. */
async function tree(child: ChildProcess): Promise<readonly number[]> {
  const { stdout } = await run("ps", ["-o", "pid=", "--pid", String(child.pid), "--ppid", String(child.pid)], {
    timeoutMs: 5_000,
  });
  return stdout.trim().split(/\s+/).map(Number);
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });
}
