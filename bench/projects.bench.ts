/** 1,000 services in 50 projects: lists, staged changes, a sweep with nothing to do, start, and memory. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { ChangeBody } from "../src/domain/pending-change.ts";
import type { Project } from "../src/domain/project.ts";
import { SqliteDatabase } from "../src/store/sqlite-database.ts";
import { TestServer } from "../test/e2e/test-server.ts";
import { draft, openProjects } from "../test/reconciler/project-bench.ts";
import { mib, pssBytes } from "./process-cost.ts";
import { ms, quantile, type Row } from "./table.ts";

const PROJECTS = 50;
const SERVICES_EACH = 20;
const CHANGES = 100;
const RUNS = 20;
const QUIET_MS = 10_000;

export async function benchProjects(): Promise<readonly Row[]> {
  return [...(await benchApply()), ...(await benchServer())];
}

/** The log of one project with 100 entries over SQLite on disk: staged one by one, applied at once. */
async function benchApply(): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-bench-"));
  const database = await SqliteDatabase.open(join(folder, "slipway.db"));
  try {
    const bench = openProjects(database);
    const project = await bench.projectAdmin.create({ name: "bench" });
    for (let n = 0; n < SERVICES_EACH; n += 1) {
      await bench.serviceEdits.create(project, draft(`service-${n}`));
      await bench.served(project, `service-${n}`);
    }
    const appends: number[] = [];
    for (const change of await changesFor(database, project)) {
      const startedAt = performance.now();
      await bench.staged.append(project.id, change, null);
      appends.push(performance.now() - startedAt);
    }
    const startedAt = performance.now();
    const { createdDeployments } = await bench.staged.apply(project.id);
    const applied = performance.now() - startedAt;
    return [
      {
        what: `stage one of ${CHANGES} changes (p50 / p99)`,
        value: `${ms(quantile(appends, 0.5))} / ${ms(quantile(appends, 0.99))}`,
      },
      {
        what: `apply ${CHANGES} staged changes, ${createdDeployments.length} new deployments`,
        value: ms(applied),
        goal: "≤ 500 ms",
      },
    ];
  } finally {
    await database.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Variables and settings of all services, and some new services. */
async function changesFor(database: SqliteDatabase, project: Project): Promise<readonly ChangeBody[]> {
  const services = await database.services.list({ projectId: project.id });
  return Array.from({ length: CHANGES }, (_, n): ChangeBody => {
    const target = services[n % services.length]?.id ?? "";
    if (n % 10 === 0) return { op: "service.create", targetTempId: `new-${n}`, payload: draft(`new-${n}`) };
    if (n % 3 === 0) return { op: "service.update", targetId: target, payload: { settings: { image: `app:${n}` } } };
    const payload = { scope: "service" as const, key: `KEY_${n}`, value: "${{ service-1.HOST }}" };
    return { op: "env_var.create", targetId: target, parentTempId: null, payload };
  });
}

/** A server over a database that was filled before. Its services are stopped: what is measured is the platform. */
async function benchServer(): Promise<readonly Row[]> {
  const server = await TestServer.start({ env: { SLIPWAY_NETWORK_POOL: "10.212.0.0/18" } });
  try {
    await server.stop();
    await fill(join(server.dataDir, "slipway.db"));
    const startedAt = performance.now();
    await server.run();
    const started = performance.now() - startedAt;
    const lists = {
      projects: await timesOf(server, "/api/projects?limit=100"),
      "services of one project": await timesOf(server, `/api/projects/bench-0/services?limit=100`),
      functions: await timesOf(server, "/api/functions?limit=100"),
    };
    // What lists leave behind is collected once control is quiet.
    await wait(QUIET_MS);
    return [
      {
        what: `start → ready with ${PROJECTS * SERVICES_EACH} services in ${PROJECTS} projects`,
        value: ms(started),
        goal: "≤ 2000 ms",
      },
      ...Object.entries(lists).map(([what, times]) => ({
        what: `list ${what} (p50 of ${RUNS})`,
        value: ms(quantile(times, 0.5)),
      })),
      { what: "PSS of control then", value: mib(await pssBytes(await server.controlPid())), goal: "≤ 120 MiB" },
    ];
  } finally {
    await server.close();
  }
}

async function timesOf(server: TestServer, path: string): Promise<readonly number[]> {
  const times: number[] = [];
  for (let n = 0; n < RUNS; n += 1) {
    const startedAt = performance.now();
    const { status } = await server.api({ path });
    if (status !== 200) throw new Error(`${path} answered ${status}`);
    times.push(performance.now() - startedAt);
  }
  return times;
}

async function fill(path: string): Promise<void> {
  const database = await SqliteDatabase.open(path);
  const bench = openProjects(database);
  for (let p = 0; p < PROJECTS; p += 1) {
    const project = await bench.projectAdmin.create({ name: `bench ${p}`, slug: `bench-${p}` });
    for (let n = 0; n < SERVICES_EACH; n += 1) {
      const { service } = await bench.serviceEdits.create(project, draft(`service-${n}`));
      await bench.served(project, `service-${n}`);
      await database.services.update(service.id, { desired: "stopped", status: "stopped" });
    }
  }
  await database.close();
}
