/**
 * Edges of the canvas that Slipway draws itself: from a service whose variables refer to another one to that other one.
 * Pure. Seed: DeployKit's `{"managed":"env-ref"}`.
 */

import type { CanvasEdge, CanvasNode } from "./canvas.ts";
import type { ProjectState } from "./project-state.ts";
import { type PresetUrls, resolveEnv } from "./resolve-env.ts";

/** That `consumerId` refers to `providerId` in the variables `keys`, sorted. Both are services. */
export type Reference = {
  readonly consumerId: string;
  readonly providerId: string;
  readonly keys: readonly string[];
};

/** What must change among the edges of a project. */
export type EdgeChanges = {
  /** New ones and those whose keys changed, by source, then target. */
  readonly upserted: readonly CanvasEdge[];
  /** Ids, sorted. */
  readonly deleted: readonly string[];
};

/** All references between services of the project; those to itself and to unknown names are none. */
export function referencesBetween(state: ProjectState, presets: PresetUrls): readonly Reference[] {
  const idsByName = new Map(state.services.map((service) => [service.name, service.id]));
  return state.services.flatMap((service) => {
    const { references } = resolveEnv(state, service, presets);
    return [...references].flatMap(([name, keys]) => {
      const providerId = idsByName.get(name);
      if (providerId === undefined || providerId === service.id) return [];
      return [{ consumerId: service.id, providerId, keys: [...keys].sort() }];
    });
  });
}

/**
 * Brings the edges Slipway keeps in line with the references. Edges that people drew are left alone; a service without a
 * node has no edges.
 * @param newId makes an id for a new edge
 */
export function planManagedEdges(
  projectId: string,
  references: readonly Reference[],
  present: { readonly nodes: readonly CanvasNode[]; readonly edges: readonly CanvasEdge[] },
  newId: () => string,
): EdgeChanges {
  const nodeOf = new Map(present.nodes.flatMap(({ id, serviceId }) => (serviceId === null ? [] : [[serviceId, id]])));
  const old = new Map<string, CanvasEdge>();
  const deleted: string[] = [];
  for (const edge of present.edges.filter(isManagedEdge)) {
    const place = placeOf(edge.sourceId, edge.targetId);
    if (old.has(place)) deleted.push(edge.id);
    else old.set(place, edge);
  }
  const upserted: CanvasEdge[] = [];
  for (const { consumerId, providerId, keys } of references) {
    const sourceId = nodeOf.get(consumerId);
    const targetId = nodeOf.get(providerId);
    if (sourceId === undefined || targetId === undefined) continue;
    const place = placeOf(sourceId, targetId);
    const before = old.get(place);
    old.delete(place);
    const shown = { label: keys.join(", "), data: JSON.stringify({ managed: MANAGED, keys }) };
    if (before?.label === shown.label && before.data === shown.data) continue;
    upserted.push({ id: before?.id ?? newId(), projectId, sourceId, targetId, ...shown });
  }
  for (const { id } of old.values()) deleted.push(id);
  const order = (edge: CanvasEdge): string => placeOf(edge.sourceId, edge.targetId);
  return { upserted: upserted.sort((a, b) => (order(a) < order(b) ? -1 : 1)), deleted: deleted.sort() };
}

const MANAGED = "env-ref";

/** Is it one of Slipway's own, which people can't change? */
export function isManagedEdge({ data }: Pick<CanvasEdge, "data">): boolean {
  try {
    const parsed: unknown = JSON.parse(data);
    return typeof parsed === "object" && parsed !== null && (parsed as { managed?: unknown }).managed === MANAGED;
  } catch {
    return false;
  }
}

function placeOf(sourceId: string, targetId: string): string {
  return `${sourceId} ${targetId}`;
}
