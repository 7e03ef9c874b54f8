/** Stages that a service sits in another group: one entry per service, and none when it is back where it was. */

import type { ChangeBody, PendingChange, ServicePatch } from "../../domain/pending-change.ts";
import type { Stores } from "../../domain/stores.ts";

export type StagedReparent = {
  readonly added?: PendingChange;
  /** Id of an entry that nothing was left of. */
  readonly removed?: string;
  /** An entry that says something else now. */
  readonly changed?: PendingChange;
};

export type Reparent = {
  readonly projectId: string;
  readonly serviceId: string;
  /** The group it was in before this move; null: none. */
  readonly previousParentId: string | null;
};

/** Its node has its new parent already. @param append stages a new entry */
export async function stageReparent(
  tx: Stores,
  { projectId, serviceId, previousParentId }: Reparent,
  append: (body: ChangeBody) => Promise<PendingChange>,
): Promise<StagedReparent> {
  const node = await tx.canvas.findNodeOfService(serviceId);
  const staged = await tx.pendingChanges.list(projectId);
  const before = staged.find(
    (c) => c.op === "service.update" && c.targetId === serviceId && c.payload.reparented === true,
  );
  const parentId = node?.parentId ?? null;
  if (before?.op !== "service.update") {
    if (parentId === previousParentId) return {};
    return {
      added: await append({
        op: "service.update",
        targetId: serviceId,
        payload: { reparented: true, previousParentId },
      }),
    };
  }
  // The earliest place is where it comes from, however often it was moved since.
  if (parentId !== (before.payload.previousParentId ?? null)) return {};
  const { reparented: _reparented, previousParentId: _previous, ...rest }: ServicePatch = before.payload;
  if (Object.keys(rest).length > 0) return { changed: await tx.pendingChanges.update(before.id, rest) };
  await tx.pendingChanges.remove(before.id);
  return { removed: before.id };
}
