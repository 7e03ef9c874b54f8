/** Projects over a memory database: the real staging and edits, with builds and routes that only are counted. */

import type { ChangeRules } from "../../src/domain/change-rules.ts";
import type { Deployment } from "../../src/domain/deployment.ts";
import type { ImageInfo } from "../../src/domain/driver.ts";
import { AppError, isAppError } from "../../src/domain/errors.ts";
import type { DomainEvent } from "../../src/domain/events.ts";
import type { ChangeBody, ServiceDraft } from "../../src/domain/pending-change.ts";
import type { Project } from "../../src/domain/project.ts";
import type { PresetUrls } from "../../src/domain/resolve-env.ts";
import type { Service } from "../../src/domain/service.ts";
import type { Database } from "../../src/domain/stores.ts";
import { MemoryEventBus } from "../../src/events/memory-event-bus.ts";
import { newId } from "../../src/lib/ids.ts";
import { MemoryDatabase } from "../../src/memory/memory-database.ts";
import { createProjectParts } from "../../src/reconciler/projects/project-parts.ts";
import { NO_SECRET_FILES } from "../../src/reconciler/secret-files.ts";
import { SecretVault } from "../../src/reconciler/secret-vault.ts";
import { FakeClock } from "../support/fake-clock.ts";

const RULES: ChangeRules = { reservedNames: ["www"], reservedPorts: [8080], volumeRoots: [] };

const IMAGE: ImageInfo = { id: "i", tags: [], labels: {}, createdAt: 0, sizeBytes: 0, exposedPorts: [] };

/** An image service to be created. */
export function draft(name: string, more: Partial<ServiceDraft> = {}): ServiceDraft {
  const settings = { image: "app:1", ports: [{ containerPort: 80, protocol: "tcp" as const }] };
  return { name, kind: "image", iconUrl: null, isPrivate: true, preset: null, settings, envVars: [], ...more };
}

/** An engine with room for so many networks. */
function networkAddress(index: number, networks: number): string {
  if (index < networks) return `10.0.${index}.2`;
  throw new AppError("unavailable", `All ${networks} networks are in use.`);
}

export function openProjects(
  database: Database = new MemoryDatabase(),
  presets: PresetUrls = () => undefined,
  networks = 256,
) {
  const clock = new FakeClock();
  const announced: DomainEvent[] = [];
  const events = new MemoryEventBus();
  events.on((event) => announced.push(event));
  const resumed: Deployment[] = [];
  const removed: Service[] = [];
  const triggered: string[] = [];
  const box = {
    seal: (value: Uint8Array, purpose: string) => Buffer.from(`${purpose}\n${Buffer.from(value)}`).toString("base64"),
    open: (sealed: string, purpose: string) => {
      const [kept, ...value] = Buffer.from(sealed, "base64").toString().split("\n");
      if (kept !== purpose) throw new Error(`sealed for ${kept}, opened for ${purpose}`);
      return Buffer.from(value.join("\n"));
    },
  };
  const secrets = new SecretVault({ database, box, files: NO_SECRET_FILES, clock });
  const parts = createProjectParts({
    database,
    events,
    clock,
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    builds: { resume: async (d) => void resumed.push(d), cancelled: () => undefined },
    images: { findImage: async (reference) => (reference.startsWith("pulled/") ? IMAGE : undefined) },
    networks: { addressOf: (index) => networkAddress(index, networks) },
    secrets,
    secretFiles: NO_SECRET_FILES,
    lifecycle: { wasRemoved: async (service) => void removed.push(service) },
    presets,
    rules: RULES,
    baseDomain: null,
    publishRoutes: async () => undefined,
    trigger: (id) => void triggered.push(id),
    sweep: () => undefined,
  });
  return {
    ...parts,
    ...{ database, clock, events, announced, resumed, removed, triggered, secrets },
    /** The service of that name. */
    async service(project: Project, name: string): Promise<Service> {
      const found = await database.services.findByName(project.id, name);
      if (found === undefined) throw new Error(`there is no service ${name}`);
      return found;
    },
    /** Stages and applies one change. */
    async applyNow(project: Project, change: ChangeBody) {
      await parts.staged.append(project.id, change, null);
      return parts.staged.apply(project.id);
    },
    /** The newest deployment of the service. */
    async newest(project: Project, name: string): Promise<Deployment | undefined> {
      const found = await database.services.findByName(project.id, name);
      return found && (await database.deployments.list({ serviceId: found.id, limit: 1 }))[0];
    },
    /** As the reconciler does when all instances are ready. */
    async served(project: Project, name: string): Promise<Deployment> {
      const service = await this.service(project, name);
      const [newest] = await database.deployments.list({ serviceId: service.id, limit: 1 });
      if (newest === undefined) throw new Error(`nothing of ${name} was deployed`);
      for (const { id } of await database.deployments.list({ serviceId: service.id, statuses: ["healthy"] }))
        await database.deployments.update(id, { status: "superseded" });
      const image = newest.image ?? `pulled/${newest.wantedImage}`;
      const healthy = { status: "healthy" as const, image, healthyAt: clock.now(), listenPorts: [80] };
      await database.services.update(service.id, { activeDeploymentId: newest.id, status: "running" });
      return database.deployments.update(newest.id, healthy);
    },
  };
}

export type Projects = ReturnType<typeof openProjects>;

/** The creation of an image service, to be staged. */
export const create = (name: string, more = {}): ChangeBody & { targetTempId: string } => ({
  op: "service.create",
  targetTempId: newId(),
  payload: draft(name, more),
});
/** A new variable, to be staged. */
export const setVariable = (scope: "project" | "service" | "group", targetId: string, key: string, value: string) =>
  ({ op: "env_var.create", targetId, parentTempId: null, payload: { scope, key, value } }) as const;

/** A project with image services of these names, all serving. */
export async function shop(bench: Projects, ...names: string[]): Promise<Project> {
  const project = await bench.projectAdmin.create({ name: "Shop" });
  for (const name of names) {
    await bench.serviceEdits.create(project, draft(name));
    await bench.served(project, name);
  }
  return project;
}

/** Whether an error has that code. */
export const code = (expected: string) => (error: unknown) => isAppError(error) && error.code === expected;
