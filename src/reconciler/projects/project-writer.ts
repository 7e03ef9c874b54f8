/**
 * Makes the store hold another state of a project: services, variables, names, and a new deployment for each service that
 * runs differently from then on. All in one transaction of its caller; what has to happen outside of the store follows
 * once that is through (AfterWrite).
 */

import type { CanvasEdge, CanvasNode } from "../../domain/canvas.ts";
import type { Clock } from "../../domain/clock.ts";
import { formerNamesAs } from "../../domain/instance-names.ts";
import type { Project } from "../../domain/project.ts";
import { byName, diffProjects, isEqual, type ProjectDiff } from "../../domain/project-diff.ts";
import type { ProjectState, ServiceState, Variable } from "../../domain/project-state.ts";
import { type PresetUrls, resolveEnv } from "../../domain/resolve-env.ts";
import type { Service } from "../../domain/service.ts";
import type { Stores } from "../../domain/stores.ts";
import type { SecretVault } from "../secret-vault.ts";
import { requireRoutesFree } from "../service-routes.ts";
import { syncManagedEdges } from "./managed-edges.ts";
import { type WrittenDeployment, writeDeployment } from "./new-deployments.ts";
import { findModel } from "./project-reader.ts";
import { addService, freeRouteName, giveUpNames } from "./service-records.ts";

export type ProjectWriterOptions = {
  readonly clock: Pick<Clock, "now">;
  readonly presets: PresetUrls;
  readonly secrets: Pick<SecretVault, "moveOwn">;
  /** Below it services answer by their names; lower case, null: none. */
  readonly baseDomain: string | null;
};

/** What was written: everything that others must be told. */
export type WrittenProject = {
  readonly project: Project;
  readonly isRenamed: boolean;
  readonly createdServices: readonly Service[];
  readonly updatedServices: readonly Service[];
  readonly deletedServices: readonly Service[];
  /** Function names by the names they had, where secrets went along. */
  readonly movedSecrets: readonly string[];
  readonly deployments: readonly WrittenDeployment[];
  /** Ids of those services that were there before and got a deployment, in order of their names. */
  readonly redeployedServiceIds: readonly string[];
  readonly nodes: readonly CanvasNode[];
  readonly edges: { readonly upserted: readonly CanvasEdge[]; readonly deleted: readonly string[] };
};

export class ProjectWriter {
  readonly #options: ProjectWriterOptions;

  constructor(options: ProjectWriterOptions) {
    this.#options = options;
  }

  /**
   * @param tempIds ids of created services by the temporary ids they were staged under
   * @throws AppError `conflict` (a name, route or host port is taken), `invalid`
   */
  async write(
    tx: Stores,
    project: Project,
    { before, after, tempIds }: { before: ProjectState; after: ProjectState; tempIds: ReadonlyMap<string, string> },
  ): Promise<WrittenProject> {
    const { presets } = this.#options;
    const diff = diffProjects(before, after, presets);
    const now = this.#options.clock.now();
    const deletedServices = await this.#deleteServices(tx, diff);
    const { services: updatedServices, movedSecrets } = await this.#updateServices(tx, project, diff, now);
    const created = await this.#createServices(tx, project, diff, tempIds, now);
    await writeVariables(tx, project, diff, now);
    const fresh = await this.#deployAll(tx, after, diff.createdServices, now);
    const changed = [...diff.redeployed, ...(await this.#withOtherEnv(tx, after, diff.orphaned))].sort(byName);
    const again = await this.#deployAll(tx, after, changed, now);
    if (diff.name !== undefined) await tx.projects.update(project.id, { name: diff.name, updatedAt: now });
    return {
      project: await tx.projects.get(project.id),
      isRenamed: diff.name !== undefined,
      createdServices: created.map((c) => c.service),
      updatedServices,
      deletedServices,
      movedSecrets,
      deployments: [...fresh, ...again],
      redeployedServiceIds: again.map(({ deployment }) => deployment.serviceId),
      nodes: [...created.map((c) => c.node), ...(await labelNodes(tx, updatedServices, now))],
      edges: await syncManagedEdges(tx, after, presets),
    };
  }

  /** Names of the services that `write` would deploy, sorted. */
  deploysOf({ before, after }: { readonly before: ProjectState; readonly after: ProjectState }): readonly string[] {
    const { createdServices, redeployed } = diffProjects(before, after, this.#options.presets);
    const deployed = [...createdServices, ...redeployed].filter((service) => service.settings !== null);
    return deployed.map((service) => service.name).sort();
  }

  async #deleteServices(tx: Stores, { deletedServices }: ProjectDiff): Promise<readonly Service[]> {
    const deleted: Service[] = [];
    for (const { id } of deletedServices) {
      deleted.push(await tx.services.get(id));
      await tx.services.remove(id);
    }
    return deleted;
  }

  async #updateServices(tx: Stores, project: Project, { updatedServices }: ProjectDiff, now: number) {
    const services: Service[] = [];
    const movedSecrets: string[] = [];
    const renamed = updatedServices.filter(({ before, after }) => before.name !== after.name);
    // Names may go round in a circle: all are free before the first is given.
    const formerNames = new Map<string, readonly string[]>();
    for (const { after } of renamed) {
      formerNames.set(after.id, formerNamesAs(after.name, await tx.services.get(after.id)));
      await tx.services.update(after.id, { name: `~${after.id}`, routeName: `~${after.id}` });
    }
    for (const { before, after } of renamed) {
      const routeName = await freeRouteName(tx, project, after.name, after.id);
      await requireRoutesFree(tx, { routeName, routes: [], baseDomain: this.#options.baseDomain });
      await tx.services.update(after.id, {
        ...{ name: after.name, routeName },
        formerNames: formerNames.get(after.id) ?? [],
      });
      if (await this.#options.secrets.moveOwn(tx, project.id, before.name, after.name)) movedSecrets.push(after.name);
    }
    if (renamed.length > 0) await giveUpNames(tx, project.id);
    for (const { before, after } of updatedServices) {
      const { iconUrl, isPrivate, settings } = after;
      const isScaled = before.settings !== null && settings !== null && before.settings.replicas !== settings.replicas;
      const scale = isScaled ? { replicas: settings.replicas } : {};
      services.push(await tx.services.update(after.id, { iconUrl, isPrivate, ...scale, updatedAt: now }));
    }
    return { services, movedSecrets };
  }

  async #createServices(
    tx: Stores,
    project: Project,
    { createdServices }: ProjectDiff,
    tempIds: ReadonlyMap<string, string>,
    now: number,
  ) {
    const nodeIds = new Map([...tempIds].map(([tempId, id]) => [id, tempId]));
    const created: { readonly service: Service; readonly node: CanvasNode }[] = [];
    for (const { id, name, kind, iconUrl, isPrivate, preset, settings } of createdServices) {
      const nodeId = nodeIds.get(id);
      const staged = { image: settings?.image ?? null, ...(nodeId !== undefined && { nodeId }) };
      const one = await addService(tx, project, { id, name, kind, iconUrl, isPrivate, preset }, now, staged);
      const { routeName } = one.service;
      await requireRoutesFree(tx, { routeName, routes: [], baseDomain: this.#options.baseDomain });
      created.push(one);
    }
    return created;
  }

  /** Those that run with other variables than they would get now. */
  async #withOtherEnv(tx: Stores, state: ProjectState, services: readonly ServiceState[]) {
    const found: ServiceState[] = [];
    for (const one of services) {
      const model = await findModel(tx, await tx.services.get(one.id));
      const { env } = resolveEnv(state, one, this.#options.presets);
      if (model !== undefined && !isEqual(model.env, env)) found.push(one);
    }
    return found;
  }

  async #deployAll(tx: Stores, state: ProjectState, services: readonly ServiceState[], now: number) {
    const written: WrittenDeployment[] = [];
    for (const one of services) {
      if (one.settings === null) continue;
      const service = await tx.services.get(one.id);
      const model = await findModel(tx, service);
      const { env } = resolveEnv(state, one, this.#options.presets);
      written.push(await writeDeployment(tx, { service, model, settings: one.settings, env, staysStopped: true, now }));
    }
    return written;
  }
}

async function writeVariables(tx: Stores, { id: projectId }: Project, diff: ProjectDiff, now: number): Promise<void> {
  // Those of deleted services are gone with them.
  for (const { id } of diff.deletedVariables) await tx.envVars.remove(id);
  for (const { id, value } of diff.updatedVariables) await tx.envVars.update(id, { value, updatedAt: now });
  for (const variable of diff.createdVariables) await tx.envVars.create(withTimes(variable, projectId, now));
}

function withTimes(variable: Variable, projectId: string, now: number) {
  return { ...variable, projectId, createdAt: now, updatedAt: now };
}

/** Nodes of services say their names. */
async function labelNodes(tx: Stores, services: readonly Service[], now: number): Promise<readonly CanvasNode[]> {
  const labelled: CanvasNode[] = [];
  for (const { id, name } of services) {
    const node = await tx.canvas.findNodeOfService(id);
    if (node === undefined || node.label === name) continue;
    const next = { ...node, label: name, updatedAt: now };
    await tx.canvas.putNode(next);
    labelled.push(next);
  }
  return labelled;
}
