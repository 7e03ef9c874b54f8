/** Canvases in memory. */

import type { CanvasEdge, CanvasNode, CanvasStore } from "../domain/canvas.ts";
import {
  compareText,
  kept,
  type MemoryAccess,
  mustBeFree,
  mustHaveOwner,
  removeCanvasNode,
  removeEnvScope,
} from "./memory-tables.ts";

export class MemoryCanvasStore implements CanvasStore {
  readonly #access: MemoryAccess;

  constructor(access: MemoryAccess) {
    this.#access = access;
  }

  listNodes(projectId: string): Promise<readonly CanvasNode[]> {
    return this.#access(({ canvasNodes }) =>
      kept([...canvasNodes.values()].filter((node) => node.projectId === projectId).sort(byParenthood)),
    );
  }

  listEdges(projectId: string): Promise<readonly CanvasEdge[]> {
    return this.#access(({ canvasEdges }) =>
      kept(
        [...canvasEdges.values()]
          .filter((edge) => edge.projectId === projectId)
          .sort((a, b) => compareText(a.id, b.id)),
      ),
    );
  }

  findNode(id: string): Promise<CanvasNode | undefined> {
    return this.#access(({ canvasNodes }) => kept(canvasNodes.get(id)));
  }

  findNodeOfService(serviceId: string): Promise<CanvasNode | undefined> {
    return this.#access(({ canvasNodes }) => kept([...canvasNodes.values()].find((n) => n.serviceId === serviceId)));
  }

  findEdge(id: string): Promise<CanvasEdge | undefined> {
    return this.#access(({ canvasEdges }) => kept(canvasEdges.get(id)));
  }

  putNode(node: CanvasNode): Promise<void> {
    return this.#access(({ projects, services, canvasNodes }) => {
      const others = [...canvasNodes.values()].filter((other) => other.id !== node.id);
      mustBeFree(others, "canvas node", "serviceId", node.serviceId);
      mustHaveOwner(projects, node.projectId);
      if (node.serviceId !== null) mustHaveOwner(services, node.serviceId);
      if (node.parentId !== null && node.parentId !== node.id) mustHaveOwner(canvasNodes, node.parentId);
      canvasNodes.set(node.id, kept(node));
    });
  }

  removeNode(id: string): Promise<void> {
    return this.#access((tables) => {
      removeEnvScope(tables, "group", id);
      removeCanvasNode(tables, id);
    });
  }

  putEdge(edge: CanvasEdge): Promise<void> {
    return this.#access(({ projects, canvasNodes, canvasEdges }) => {
      mustHaveOwner(projects, edge.projectId);
      mustHaveOwner(canvasNodes, edge.sourceId);
      mustHaveOwner(canvasNodes, edge.targetId);
      canvasEdges.set(edge.id, kept(edge));
    });
  }

  removeEdge(id: string): Promise<void> {
    return this.#access(({ canvasEdges }) => {
      canvasEdges.delete(id);
    });
  }
}

/** Groups are in none: what has no parent comes first. */
function byParenthood(a: CanvasNode, b: CanvasNode): number {
  const depth = (node: CanvasNode) => (node.parentId === null ? 0 : 1);
  return depth(a) - depth(b) || a.createdAt - b.createdAt || compareText(a.id, b.id);
}
