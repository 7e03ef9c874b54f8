/** The canvas of a project: nodes for services, groups and notes, and edges between them. */

export const NODE_TYPES = ["service", "label", "group", "note"] as const;
export type NodeType = (typeof NODE_TYPES)[number];

export type CanvasNode = {
  readonly id: string;
  readonly projectId: string;
  readonly type: NodeType;
  readonly label: string;
  readonly positionX: number;
  readonly positionY: number;
  readonly width: number | null;
  readonly height: number | null;
  /** Null for what is no service, and for a service that is only staged: that node's id is the staged one's temporary id. */
  readonly serviceId: string | null;
  /** A group's node; groups are in none. */
  readonly parentId: string | null;
  /** JSON text; what is in it is the clients' matter. */
  readonly data: string;
  readonly createdAt: number;
  readonly updatedAt: number;
};

export type CanvasEdge = {
  readonly id: string;
  readonly projectId: string;
  readonly sourceId: string;
  readonly targetId: string;
  readonly label: string | null;
  /** JSON text; `{"managed":"env-ref","keys":[…]}` on edges that Slipway keeps itself. */
  readonly data: string;
};

export type NodePosition = { readonly id: string; readonly x: number; readonly y: number };

export interface CanvasStore {
  /** Parents before children, then by creation, then by id. */
  listNodes(projectId: string): Promise<readonly CanvasNode[]>;
  /** Sorted by id. */
  listEdges(projectId: string): Promise<readonly CanvasEdge[]>;
  findNode(id: string): Promise<CanvasNode | undefined>;
  findNodeOfService(serviceId: string): Promise<CanvasNode | undefined>;
  findEdge(id: string): Promise<CanvasEdge | undefined>;
  /** Creates or replaces. @throws AppError `not_found` (project, service), `conflict` (the service has a node) */
  putNode(node: CanvasNode): Promise<void>;
  /** With its edges; what is in a group stays, outside of it. Idempotent. A service's node also goes with the service. */
  removeNode(id: string): Promise<void>;
  /** Creates or replaces. @throws AppError `not_found` (a node) */
  putEdge(edge: CanvasEdge): Promise<void>;
  /** Idempotent. */
  removeEdge(id: string): Promise<void>;
}
