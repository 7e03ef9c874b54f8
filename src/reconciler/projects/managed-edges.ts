/** Keeps the canvas edges that show which service refers to which. */

import type { CanvasEdge } from "../../domain/canvas.ts";
import { planManagedEdges, referencesBetween } from "../../domain/managed-edges.ts";
import type { ProjectState } from "../../domain/project-state.ts";
import type { PresetUrls } from "../../domain/resolve-env.ts";
import type { Stores } from "../../domain/stores.ts";
import { newId } from "../../lib/ids.ts";

/**
 * Writes the edges that the project's variables call for and removes those that they call for no more. Nodes of new
 * services must be there and linked (`serviceId`) before.
 * @param state the project as it is once the transaction is through
 */
export async function syncManagedEdges(
  { canvas }: Pick<Stores, "canvas">,
  state: ProjectState,
  presets: PresetUrls,
): Promise<{ readonly upserted: readonly CanvasEdge[]; readonly deleted: readonly string[] }> {
  const [nodes, edges] = await Promise.all([canvas.listNodes(state.id), canvas.listEdges(state.id)]);
  const changes = planManagedEdges(state.id, referencesBetween(state, presets), { nodes, edges }, newId);
  for (const id of changes.deleted) await canvas.removeEdge(id);
  for (const edge of changes.upserted) await canvas.putEdge(edge);
  return changes;
}
