/** Whole projects as documents: read, compared, and made true in one transaction. */

import { createHash } from "node:crypto";
import type { CanvasNode } from "../../domain/canvas.ts";
import { NODE_SIZES, nextFreePosition } from "../../domain/canvas-layout.ts";
import type { Clock } from "../../domain/clock.ts";
import { AppError } from "../../domain/errors.ts";
import type { EventBus } from "../../domain/events.ts";
import { type ManifestRules, settingsOf } from "../../domain/manifest.ts";
import type { PresetCatalog } from "../../domain/preset.ts";
import type { Project } from "../../domain/project.ts";
import type { ProjectSpecs, SpecAnswer } from "../../domain/project-operations.ts";
import { emptyPicture, type ProjectPicture, specOf } from "../../domain/project-picture.ts";
import { type PlanOptions, type ProjectPlan, planProject } from "../../domain/project-plan.ts";
import type { PlannedChange, ProjectSpec } from "../../domain/project-spec.ts";
import { at, checkedSpec, claimOf, type SpecRules } from "../../domain/project-spec-rules.ts";
import type { Database, Stores } from "../../domain/stores.ts";
import { newId } from "../../lib/ids.ts";
import { addOwnersRoute } from "../service-routes.ts";
import type { AfterWrite } from "./after-write.ts";
import { newSlug } from "./project-admin.ts";
import { readGroups, readPicture } from "./project-picture-reader.ts";
import type { ProjectWriter, WrittenProject } from "./project-writer.ts";

export type SpecKeeperOptions = {
  readonly database: Database;
  readonly events: EventBus;
  readonly clock: Pick<Clock, "now">;
  readonly writer: ProjectWriter;
  readonly after: AfterWrite;
  readonly presetCatalog: PresetCatalog;
  readonly specRules: SpecRules & ManifestRules;
  /** Below it services answer by their names; lower case, null: none. */
  readonly baseDomain: string | null;
  /** Networks of projects may be missing or left over. */
  readonly sweep: () => void;
};

type ApplyOptions = Parameters<ProjectSpecs["apply"]>[1];

type Done = {
  readonly project: Project;
  readonly plan: ProjectPlan;
  readonly written: WrittenProject;
  readonly nodes: readonly CanvasNode[];
};

export class SpecKeeper implements ProjectSpecs {
  readonly #options: SpecKeeperOptions;
  /** Slugs, or names of projects yet without one, that are being applied. */
  readonly #applying = new Set<string>();

  constructor(options: SpecKeeperOptions) {
    this.#options = options;
  }

  async read(project: Project): Promise<ProjectSpec> {
    const { database } = this.#options;
    return specOf(await database.transact((tx) => readPicture(tx, project)));
  }

  groups(project: Project) {
    return readGroups(this.#options.database, project.id);
  }

  async apply(given: ProjectSpec, options: ApplyOptions): Promise<SpecAnswer> {
    const spec = checkedSpec(given, this.#options.specRules);
    if (options.isDryRun) {
      const answer = await this.#preview(spec, options);
      if (answer.changes.length > 0) await this.#rehearse(spec, options);
      return answer;
    }
    const key = spec.slug || spec.name;
    if (this.#applying.has(key))
      throw new AppError("conflict", `Somebody else is applying a document to ${key}.`, {
        remedy: "Look at what came of it, then apply again.",
        retryAfterSeconds: 1,
      });
    this.#applying.add(key);
    try {
      return await this.#carryOut(spec, options);
    } finally {
      this.#applying.delete(key);
    }
  }

  async #preview(spec: ProjectSpec, { prune }: ApplyOptions): Promise<SpecAnswer> {
    const { database } = this.#options;
    const project = await findNamed(database, spec);
    const { changes, uploads } = await database.transact((tx) => this.#plan(tx, project, spec, prune));
    await this.#requirePresets(spec, changes);
    return { plan: planName(changes), project: project ?? null, changes, uploads, result: null };
  }

  /** Names, routes and host ports that others have taken come to light as all is written: it is, and rolled back. */
  async #rehearse(spec: ProjectSpec, options: ApplyOptions): Promise<void> {
    const rehearsed = new Error("rehearsed");
    try {
      await this.#options.database.transact(async (tx) => {
        await this.#write(tx, spec, options);
        throw rehearsed;
      });
    } catch (error) {
      if (error !== rehearsed) throw error;
    }
  }

  async #carryOut(spec: ProjectSpec, options: ApplyOptions): Promise<SpecAnswer> {
    const { database, events, after, sweep } = this.#options;
    // Whether an image can be had takes the engine's time, which no transaction may wait for.
    const preview = await this.#preview(spec, options);
    if (preview.changes.length === 0 && preview.project !== null) return { ...preview, result: NOTHING };
    const isNew = preview.project === null;
    const done = await database.transact((tx) => this.#write(tx, spec, options));
    if (isNew) {
      events.publish({ type: "project.created", projectId: done.project.id });
      sweep();
    }
    for (const node of done.nodes) events.publish({ type: "canvas.node.upserted", projectId: done.project.id, node });
    for (const nodeId of done.plan.removedGroups)
      events.publish({ type: "canvas.node.deleted", projectId: done.project.id, nodeId });
    await after.follow(done.written);
    return answerOf(done);
  }

  async #write(tx: Stores, spec: ProjectSpec, options: ApplyOptions): Promise<Done> {
    const { writer, clock } = this.#options;
    const found = await findNamed(tx, spec);
    const now = clock.now();
    const project = found ?? (await createProject(tx, spec, now));
    const plan = await this.#plan(tx, project, spec, options.prune, found === undefined);
    if (options.expectedPlan !== undefined && options.expectedPlan !== planName(plan.changes))
      throw new AppError("conflict", `${project.name} has changed since the plan was made.`, {
        remedy: "Look at the new plan, and apply again.",
      });
    const before = (await readPicture(tx, project)).state;
    const groups = await createGroups(tx, project, plan, now);
    const written = await writer.write(tx, project, { before, after: plan.after, tempIds: new Map() });
    const moved = await moveServices(tx, plan, now);
    for (const id of plan.removedGroups) await tx.canvas.removeNode(id);
    await this.#writeRoutes(tx, plan, now);
    return { project: written.project, plan, written, nodes: [...groups, ...moved] };
  }

  async #plan(
    tx: Stores,
    project: Project | undefined,
    spec: ProjectSpec,
    prune: boolean,
    isNew = project === undefined,
  ): Promise<ProjectPlan> {
    const { presetCatalog, specRules } = this.#options;
    const picture: ProjectPicture =
      project === undefined ? emptyPicture(newId(), spec.name, spec.slug) : await readPicture(tx, project);
    if (project !== undefined) await requireNothingStaged(tx, project);
    const options: PlanOptions = {
      prune,
      isNew,
      newId,
      preset: (id) => presetCatalog.materialize(id),
      presetUrls: (id) => presetCatalog.find(id),
      settingsOf: (manifest) => at(`services.${manifest.name}.manifest`, () => settingsOf(manifest, specRules)),
    };
    return planProject(picture, spec, options);
  }

  /** Of services that are to be created. @throws AppError `unprocessable` naming the image */
  async #requirePresets(spec: ProjectSpec, changes: readonly PlannedChange[]): Promise<void> {
    const created = new Set(changes.filter((c) => c.what === "service" && c.action === "create").map((c) => c.name));
    for (const { name, preset, settings } of spec.services) {
      const isPresets = preset !== null && settings !== null && created.has(name);
      if (isPresets) await this.#options.presetCatalog.requireAvailable(preset);
    }
  }

  async #writeRoutes(tx: Stores, plan: ProjectPlan, now: number): Promise<void> {
    const { baseDomain, specRules } = this.#options;
    for (const { serviceId, route } of plan.removedRoutes) {
      const found = (await tx.routes.list({ serviceId })).find((r) => r.value === route && r.origin === "owner");
      if (found !== undefined) await tx.routes.remove(found.id);
    }
    for (const { serviceId, route } of plan.addedRoutes) {
      const service = await tx.services.get(serviceId);
      await addOwnersRoute(tx, service, claimOf(route, specRules.ownHosts), now, baseDomain);
    }
  }
}

const NOTHING = { appliedCount: 0, tempIdToServiceId: {}, redeployedServiceIds: [], createdDeployments: [] } as const;

function answerOf({ project, plan: { changes, uploads }, written }: Done): SpecAnswer {
  return {
    plan: planName(changes),
    project,
    changes,
    uploads,
    result: {
      appliedCount: changes.length,
      tempIdToServiceId: {},
      redeployedServiceIds: written.redeployedServiceIds,
      createdDeployments: written.deployments.map((d) => d.deployment),
    },
  };
}

function planName(changes: readonly PlannedChange[]): string {
  return createHash("sha256").update(JSON.stringify(changes)).digest("hex").slice(0, 16);
}

/** The one with the document's slug, or without a slug the only one of its name. @throws AppError `conflict` */
async function findNamed(stores: Pick<Stores, "projects">, { name, slug }: ProjectSpec): Promise<Project | undefined> {
  if (slug !== "") return stores.projects.findBySlug(slug);
  const named = (await stores.projects.list({ name })).filter((project) => project.name === name);
  if (named.length <= 1) return named[0];
  const slugs = named.map((project) => project.slug).sort();
  throw new AppError("conflict", `name: there are ${named.length} projects called ${name}: ${slugs.join(", ")}.`, {
    fields: { name: ["is the name of several projects"] },
    remedy: `Say which is meant: slug: ${slugs[0]}`,
  });
}

function createProject(tx: Stores, { name, slug }: ProjectSpec, now: number): Promise<Project> {
  return tx.projects.create({ id: newId(), name, slug: slug || newSlug(name), createdAt: now, updatedAt: now });
}

/** @throws AppError `conflict` */
async function requireNothingStaged(tx: Stores, { id, slug }: Project): Promise<void> {
  const { length } = await tx.pendingChanges.list(id);
  if (length === 0) return;
  const what = length === 1 ? "1 change is" : `${length} changes are`;
  throw new AppError("conflict", `${what} staged in ${slug}: a document can't be applied over them.`, {
    remedy: `Apply or discard them first: slipway changes list --project ${slug}`,
  });
}

async function createGroups(
  tx: Stores,
  { id: projectId }: Project,
  { newGroups }: ProjectPlan,
  now: number,
): Promise<readonly CanvasNode[]> {
  const made: CanvasNode[] = [];
  for (const { id, name } of newGroups) {
    const { x, y } = nextFreePosition(await tx.canvas.listNodes(projectId));
    const node: CanvasNode = {
      ...{ id, projectId, type: "group", label: name, positionX: x, positionY: y, ...NODE_SIZES.group },
      ...{ serviceId: null, parentId: null, data: "{}", createdAt: now, updatedAt: now },
    };
    await tx.canvas.putNode(node);
    made.push(node);
  }
  return made;
}

/** Into the groups that the document says, or out of them. */
async function moveServices(tx: Stores, { after }: ProjectPlan, now: number): Promise<readonly CanvasNode[]> {
  const moved: CanvasNode[] = [];
  for (const { id, groupId } of after.services) {
    const node = await tx.canvas.findNodeOfService(id);
    if (node === undefined || node.parentId === groupId) continue;
    const next = { ...node, parentId: groupId, updatedAt: now };
    await tx.canvas.putNode(next);
    moved.push(next);
  }
  return moved;
}
