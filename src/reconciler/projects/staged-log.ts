/** The log of staged edits of each project: kept in the store, checked as it grows, applied as a whole. */

import type { CanvasNode } from "../../domain/canvas.ts";
import { type ChangeRules, checkedChange } from "../../domain/change-rules.ts";
import type { Clock } from "../../domain/clock.ts";
import { AppError, isAppError } from "../../domain/errors.ts";
import type { EventBus } from "../../domain/events.ts";
import type { ChangeBody, PendingChange } from "../../domain/pending-change.ts";
import type { ApplyResult, StagedChanges, StagedPreview } from "../../domain/project-operations.ts";
import type { ProjectState } from "../../domain/project-state.ts";
import { applyChanges } from "../../domain/staged-changes.ts";
import type { Database, Stores } from "../../domain/stores.ts";
import { newId } from "../../lib/ids.ts";
import type { AfterWrite } from "./after-write.ts";
import { readProjectState } from "./project-reader.ts";
import type { ProjectWriter, WrittenProject } from "./project-writer.ts";
import { type StagedReparent, stageReparent } from "./stage-reparent.ts";

export type StagedLogOptions = {
  readonly database: Database;
  readonly events: EventBus;
  readonly clock: Pick<Clock, "now">;
  readonly writer: ProjectWriter;
  readonly after: AfterWrite;
  readonly rules: ChangeRules;
};

export class StagedLog implements StagedChanges {
  readonly #options: StagedLogOptions;
  /** Projects whose log is being applied. */
  readonly #applying = new Set<string>();

  constructor(options: StagedLogOptions) {
    this.#options = options;
  }

  list(projectId: string): Promise<readonly PendingChange[]> {
    return this.#options.database.pendingChanges.list(projectId);
  }

  preview(projectId: string): Promise<StagedPreview> {
    const { database, writer } = this.#options;
    return database.transact(async (tx) => {
      const changes = await tx.pendingChanges.list(projectId);
      const before = await readProjectState(tx, projectId);
      try {
        const { state: after } = applyChanges(before, changes, newId);
        return { changes, deploys: writer.deploysOf({ before, after }), problem: null };
      } catch (error) {
        if (!isAppError(error)) throw error;
        return { changes, deploys: [], problem: error.message };
      }
    });
  }

  async append(projectId: string, body: ChangeBody, userId: string | null): Promise<PendingChange> {
    const { database, events } = this.#options;
    const change = await database.transact((tx) => this.appendIn(tx, projectId, body, userId));
    events.publish({ type: "changes.added", projectId, change });
    return change;
  }

  /** `append` in a transaction of the caller, who announces it. */
  async appendIn(tx: Stores, projectId: string, given: ChangeBody, userId: string | null): Promise<PendingChange> {
    const { rules, clock } = this.#options;
    const body = checkedChange(given, rules);
    const state = await readProjectState(tx, projectId);
    const staged = await tx.pendingChanges.list(projectId);
    requireTarget(state, staged, body);
    applyChanges(state, [...staged, body], newId);
    const change: PendingChange = {
      ...body,
      id: newId(),
      projectId,
      seq: (staged.at(-1)?.seq ?? 0) + 1,
      userId,
      createdAt: clock.now(),
    };
    await tx.pendingChanges.create(change);
    return change;
  }

  async reparent(
    projectId: string,
    serviceId: string,
    previousParentId: string | null,
    userId: string | null,
  ): Promise<void> {
    const { database } = this.#options;
    const outcome = await database.transact((tx) =>
      stageReparent(tx, { projectId, serviceId, previousParentId }, (body) =>
        this.appendIn(tx, projectId, body, userId),
      ),
    );
    this.announceReparent(projectId, outcome);
  }

  /** Tells of what `stageReparent` did. */
  announceReparent(projectId: string, { added, removed, changed }: StagedReparent): void {
    const { events } = this.#options;
    if (added !== undefined) events.publish({ type: "changes.added", projectId, change: added });
    if (removed !== undefined) events.publish({ type: "changes.removed", projectId, ids: [removed] });
    if (changed !== undefined) events.publish({ type: "changes.added", projectId, change: changed });
  }

  async remove(projectId: string, changeId: string): Promise<void> {
    const { database, events } = this.#options;
    const moved = await database.transact(async (tx) => {
      const change = await tx.pendingChanges.find(changeId);
      if (change === undefined || change.projectId !== projectId)
        throw new AppError("not_found", `There is no staged change ${changeId}.`, {
          remedy: "See what is staged: slipway changes list.",
        });
      requireRemovable(change);
      const node = await moveBack(tx, change);
      await tx.pendingChanges.remove(changeId);
      await this.#requireApplicable(tx, projectId);
      return node;
    });
    if (moved !== undefined) events.publish({ type: "canvas.node.upserted", projectId, node: moved });
    events.publish({ type: "changes.removed", projectId, ids: [changeId] });
  }

  async discardAll(projectId: string): Promise<void> {
    const { database, events } = this.#options;
    const { gone, moved } = await database.transact(async (tx) => {
      await tx.projects.get(projectId);
      const nodeIds: string[] = [];
      const nodes: CanvasNode[] = [];
      for (const change of await tx.pendingChanges.list(projectId)) {
        if (change.op === "service.create" && (await removeStagedNode(tx, projectId, change.targetTempId)))
          nodeIds.push(change.targetTempId);
        nodes.push(...[await moveBack(tx, change)].filter((node) => node !== undefined));
      }
      await tx.pendingChanges.clear(projectId);
      return { gone: nodeIds, moved: nodes };
    });
    for (const node of moved) events.publish({ type: "canvas.node.upserted", projectId, node });
    for (const nodeId of gone) events.publish({ type: "canvas.node.deleted", projectId, nodeId });
    events.publish({ type: "changes.cleared", projectId });
  }

  async apply(projectId: string): Promise<ApplyResult> {
    const { database, after, events } = this.#options;
    if (this.#applying.has(projectId))
      throw new AppError("conflict", "The staged changes of this project are being applied by somebody else.", {
        remedy: "See what came of it: slipway changes list.",
        retryAfterSeconds: 1,
      });
    this.#applying.add(projectId);
    try {
      const { written, ...outcome } = await database.transact((tx) => this.#write(tx, projectId));
      await after.follow(written);
      const result: ApplyResult = {
        appliedCount: outcome.appliedCount,
        tempIdToServiceId: Object.fromEntries(outcome.tempIds),
        redeployedServiceIds: written.redeployedServiceIds,
        createdDeployments: written.deployments.map((d) => d.deployment),
      };
      events.publish({ type: "changes.applied", projectId, result });
      return result;
    } finally {
      this.#applying.delete(projectId);
    }
  }

  async #write(tx: Stores, projectId: string) {
    const project = await tx.projects.get(projectId);
    const before = await readProjectState(tx, projectId);
    const changes = await tx.pendingChanges.list(projectId);
    const { state: after, tempIds } = applyChanges(before, changes, newId);
    const written: WrittenProject = await this.#options.writer.write(tx, project, { before, after, tempIds });
    await tx.pendingChanges.clear(projectId);
    return { written, tempIds, appliedCount: changes.length };
  }

  /** What was staged after an entry that is to go may build on it. */
  async #requireApplicable(tx: Stores, projectId: string): Promise<void> {
    applyChanges(await readProjectState(tx, projectId), await tx.pendingChanges.list(projectId), newId);
  }
}

/** What it is about must be there, in the project or staged. @throws AppError `not_found` */
function requireTarget(state: ProjectState, staged: readonly PendingChange[], change: ChangeBody): void {
  const isStaged = (tempId: string | null): boolean =>
    staged.some((c) => c.op === "service.create" && c.targetTempId === tempId);
  const isDeleted = (serviceId: string): boolean =>
    staged.some((c) => c.op === "service.delete" && c.targetId === serviceId);
  const isService = (id: string): boolean => state.services.some((s) => s.id === id) && !isDeleted(id);
  if (change.op === "service.create" && isStaged(change.targetTempId))
    throw new AppError("conflict", `target_temp_id: ${change.targetTempId} stands for another staged service.`, {
      fields: { target_temp_id: ["stands for another staged service"] },
    });
  if (change.op === "service.update" || change.op === "service.delete") {
    if (!isService(change.targetId)) throw missing("service", change.targetId);
  }
  if (change.op === "env_var.update" || change.op === "env_var.delete") {
    const variable = state.variables.find((v) => v.id === change.targetId);
    const isGone = staged.some((c) => c.op === "env_var.delete" && c.targetId === change.targetId);
    if (variable === undefined || isGone) throw missing("variable", change.targetId);
  }
  if (change.op !== "env_var.create") return;
  const { targetId, parentTempId, payload } = change;
  if (targetId === null) {
    if (!isStaged(parentTempId)) throw missing("staged service", parentTempId ?? "");
    return;
  }
  const scopes = {
    project: () => targetId === state.id,
    group: () => state.groupIds.includes(targetId),
    service: () => isService(targetId),
  };
  if (!scopes[payload.scope]()) throw missing(payload.scope, targetId);
}

function missing(what: string, id: string): AppError {
  return new AppError("not_found", `There is no ${what} ${id} in this project.`);
}

/** @throws AppError `invalid` */
function requireRemovable({ op }: PendingChange): void {
  if (op === "service.create")
    throw new AppError("invalid", "A staged service can't be taken out of the log by itself.", {
      remedy: "Delete its node on the canvas, or discard all changes.",
    });
  if (op === "service.delete")
    throw new AppError("invalid", "A staged deletion can't be taken out of the log by itself.", {
      remedy: "Discard all changes.",
    });
}

async function removeStagedNode(tx: Stores, projectId: string, nodeId: string): Promise<boolean> {
  const node = await tx.canvas.findNode(nodeId);
  if (node === undefined || node.projectId !== projectId || node.serviceId !== null) return false;
  await tx.canvas.removeNode(nodeId);
  return true;
}

/** A dragged service's node goes back into the group it came from, if that is there. Answers the node when it was moved. */
async function moveBack(tx: Stores, change: PendingChange): Promise<CanvasNode | undefined> {
  if (change.op !== "service.update" || change.payload.reparented !== true) return undefined;
  const node = await tx.canvas.findNodeOfService(change.targetId);
  if (node === undefined) return undefined;
  const groupId = change.payload.previousParentId ?? null;
  const isThere = groupId === null || (await tx.canvas.findNode(groupId)) !== undefined;
  const back = { ...node, parentId: isThere ? groupId : null };
  await tx.canvas.putNode(back);
  return back;
}
