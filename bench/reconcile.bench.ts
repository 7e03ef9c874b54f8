/** The reconciler over 1,000 services in 50 projects that are all well: SQLite on disk, and a driver that runs nothing. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Project } from "../src/domain/project.ts";
import { MemoryEventBus } from "../src/events/memory-event-bus.ts";
import { systemClock } from "../src/lib/system-clock.ts";
import { MemoryDriver } from "../src/memory/memory-driver.ts";
import { Reconciler } from "../src/reconciler/reconciler.ts";
import { RoutePublisher } from "../src/reconciler/route-publisher.ts";
import { NO_SECRET_FILES } from "../src/reconciler/secret-files.ts";
import { SqliteDatabase } from "../src/store/sqlite-database.ts";
import { sampleInstance, sampleProject } from "../test/contract/database/sample-records.ts";
import { FakeGateway } from "../test/reconciler/fakes.ts";
import { deployment, service } from "../test/reconciler/planned-world.ts";
import { ms, quantile, type Row } from "./table.ts";

const PROJECTS = 50;
const SERVICES_EACH = 20;
const SWEEPS = 20;
const IMAGE = "app:1";

export async function benchReconcile(): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-bench-"));
  const database = await SqliteDatabase.open(join(folder, "slipway.db"));
  const driver = new MemoryDriver({ clock: systemClock });
  const passes = { count: 0, onEnd: (): void => undefined };
  const reconciler = reconcilerOf(database, driver, folder, () => {
    passes.count += 1;
    if (passes.count === PROJECTS * SERVICES_EACH) passes.onEnd();
  });
  try {
    const ids = await fill(database, driver);
    const first = await timed(() => reconciler.sweep());
    const sweeps: number[] = [];
    for (let n = 0; n < SWEEPS; n += 1) sweeps.push(await timed(() => reconciler.sweep()));
    const strayed = passes.count;
    passes.count = 0;
    const all = await timed(() => {
      const ended = new Promise<void>((resolve) => (passes.onEnd = resolve));
      for (const id of ids) reconciler.trigger(id);
      return ended;
    });
    const services = `${ids.length} services in ${PROJECTS} projects`;
    return [
      {
        what: `reconcile pass with nothing to do over ${services} (p50)`,
        value: ms(quantile(sweeps, 0.5)),
        goal: "≤ 250 ms",
      },
      { what: "the same, slowest", value: ms(Math.max(...sweeps)) },
      { what: "the first one after a start", value: ms(first) },
      { what: "services it found something to do for", value: String(strayed), goal: "0" },
      { what: "every service looked at by itself, one after the other", value: ms(all) },
    ];
  } finally {
    await reconciler.close();
    await database.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function reconcilerOf(database: SqliteDatabase, driver: MemoryDriver, folder: string, onPass: () => void): Reconciler {
  const gateway = new FakeGateway();
  const note = (): void => undefined;
  return new Reconciler({
    ...{ database, driver, gateway, onPass, clock: systemClock, events: new MemoryEventBus() },
    publisher: new RoutePublisher({ database, gateway, baseDomain: null }),
    logger: { debug: note, info: note, warn: note, error: note },
    ...{ volumesDir: join(folder, "volumes"), drainTimeoutMs: 1_000, sweepIntervalMs: 3_600_000 },
    lookAt: async ({ deployment: { listenPorts } }) => listenPorts[0],
    testInstance: async () => null,
    onImageMissing: note,
    secretFiles: NO_SECRET_FILES,
  });
}

/** Answers the services' ids. */
async function fill(database: SqliteDatabase, driver: MemoryDriver): Promise<readonly string[]> {
  driver.addImage(IMAGE);
  const ids: string[] = [];
  for (let p = 0; p < PROJECTS; p += 1) {
    const project = await database.projects.create(sampleProject(`project-${p}`));
    await driver.ensureNetwork(project.slug, project.networkIndex);
    for (let s = 0; s < SERVICES_EACH; s += 1) ids.push(await fillService(database, driver, project, s));
  }
  return ids;
}

async function fillService(
  database: SqliteDatabase,
  driver: MemoryDriver,
  project: Project,
  n: number,
): Promise<string> {
  const id = `${String(project.networkIndex * SERVICES_EACH + n).padStart(8, "0")}`;
  const name = `service-${n}`;
  const owner = service({ id, projectId: project.id, name, routeName: `s-${id}`, status: "running" });
  const env = Object.fromEntries(
    Array.from({ length: 10 }, (_, i) => [`VARIABLE_${i}`, `a value of some length ${i}`]),
  );
  await database.services.create(owner);
  const model = deployment(id, { serviceId: id, status: "healthy", image: IMAGE, env, healthyAt: 0 });
  await database.deployments.create(model);
  await database.services.update(id, { activeDeploymentId: id });
  const { networks, capabilities, isolation, resources, command, ports } = model;
  const runtimeId = await driver.create({
    ...{ networks, capabilities, isolation, resources, command, ports, env, replica: 0, image: IMAGE, mounts: [] },
    ...{ projectSlug: project.slug, projectNetworkIndex: project.networkIndex, hostNumber: n + 2 },
    ...{ serviceId: id, serviceName: name, serviceKind: "image", deploymentId: id },
  });
  await driver.start(runtimeId);
  await driver.setAlias(runtimeId, { projectSlug: project.slug, names: [name] });
  const slot = { deploymentId: id, runtimeId, state: "ready", port: 8080, readyAt: 0 } as const;
  await database.instances.put(sampleInstance(`${id}-0`, owner, slot));
  return id;
}
