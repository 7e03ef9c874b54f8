/** What the API asks of projects: edits that act at once, and edits that are staged and applied together. */

import type { CanvasEdge, CanvasNode, NodePosition } from "./canvas.ts";
import type { Deployment } from "./deployment.ts";
import type { ChangeBody, PendingChange, ServiceDraft, SettingsPatch } from "./pending-change.ts";
import type { Project } from "./project.ts";
import type { PlannedChange, ProjectSpec } from "./project-spec.ts";
import type { RouteClaim, RouteRecord } from "./route-claim.ts";
import type { Service } from "./service.ts";

export interface ProjectAdmin {
  /** Without a slug one is made of the name. @throws AppError `invalid`, `conflict` (slug) */
  create(wish: { readonly name: string; readonly slug?: string | undefined }): Promise<Project>;
  /**
   * Removes it at once with all its services; their instances end their requests first. Data below `volumes/` stays
   * unless `volumes` says otherwise. @throws AppError `conflict` for the project `default`
   */
  remove(project: Project, options: { readonly volumes: boolean }): Promise<void>;
}

export type ApplyResult = {
  readonly appliedCount: number;
  /** Ids of services by their temporary ids. */
  readonly tempIdToServiceId: Readonly<Record<string, string>>;
  /** Services that get a new deployment, those just created left out. Sorted by name. */
  readonly redeployedServiceIds: readonly string[];
  readonly createdDeployments: readonly Deployment[];
};

export type StagedPreview = {
  readonly changes: readonly PendingChange[];
  /** Names of the services that would get a deployment, sorted. */
  readonly deploys: readonly string[];
  /** Why it can't be applied as it stands; null: it can, as far as this project goes. */
  readonly problem: string | null;
};

export interface StagedChanges {
  list(projectId: string): Promise<readonly PendingChange[]>;
  /** The log, with what applying it now would do. */
  preview(projectId: string): Promise<StagedPreview>;
  /**
   * Adds an entry. It is checked against the project as it will be once all entries before it are applied.
   * @throws AppError `not_found` (project, target), `conflict` (name or key is taken then), `invalid`
   */
  append(projectId: string, change: ChangeBody, userId: string | null): Promise<PendingChange>;
  /** A service was dragged between groups: one entry per service, none when it is back where it was. */
  reparent(projectId: string, serviceId: string, previousParentId: string | null, userId: string | null): Promise<void>;
  /** @throws AppError `not_found`; `invalid` for the creation or deletion of a service */
  remove(projectId: string, changeId: string): Promise<void>;
  /** Empties the log; canvas nodes of staged services go, dragged ones go back. */
  discardAll(projectId: string): Promise<void>;
  /**
   * Carries the whole log out in one transaction; on any error nothing is done and the log stays.
   * @throws AppError `conflict` when it is being applied already, or an entry can't be applied
   */
  apply(projectId: string): Promise<ApplyResult>;
}

/** A deployment of an image service as somebody asks for it; what is left out is as in its newest deployment. */
export type DeploymentRequest = SettingsPatch & { readonly env?: Readonly<Record<string, string>> };

export interface ServiceEdits {
  /** At once; with an image it is deployed, too. @throws AppError `conflict` (name, host port), `invalid` */
  create(
    project: Project,
    draft: ServiceDraft,
  ): Promise<{ readonly service: Service; readonly deployment: Deployment | undefined }>;
  /**
   * A new deployment of the service's variables as they are now. For functions: the newest build again.
   * @throws AppError `invalid` (no image; an image for a function), `conflict` (host port; nothing was built yet)
   */
  deploy(service: Service, request: DeploymentRequest): Promise<Deployment>;
  /** Hosts and paths that its owner gave it by hand. @throws AppError `conflict`, `invalid` */
  addRoute(service: Service, claim: RouteClaim): Promise<RouteRecord>;
  /** @throws AppError `not_found`; `conflict` for one that its manifest asks for */
  removeRoute(service: Service, routeId: string): Promise<void>;
}

/** Whole projects as documents. */
export interface ProjectSpecs {
  /** The project as it is, staged changes left out. */
  read(project: Project): Promise<ProjectSpec>;
  /** Groups on its canvas, each name once, in order of creation. */
  groups(project: Project): Promise<readonly { readonly id: string; readonly name: string }[]>;
  /**
   * What differs, in the order it would be done. Unless it is a dry run it is done, in one transaction; functions get
   * only what needs no source. `prune`: what the document does not name goes.
   * @param options.expectedPlan name of the plan that its caller agreed to
   * @throws AppError `conflict` (name; changes are staged; it is another plan by now), `invalid` naming where
   */
  apply(
    spec: ProjectSpec,
    options: { readonly prune: boolean; readonly isDryRun: boolean; readonly expectedPlan?: string | undefined },
  ): Promise<SpecAnswer>;
}

export type SpecAnswer = {
  /** Equal for equal changes. */
  readonly plan: string;
  /** Null: it is made when this is applied. */
  readonly project: Project | null;
  readonly changes: readonly PlannedChange[];
  /** Functions whose source the caller has to upload for the document to be true. Sorted. */
  readonly uploads: readonly string[];
  /** Null: nothing was done. */
  readonly result: ApplyResult | null;
};

/** Edits of the canvas as people make them; what has a consequence for services is staged. */
export interface CanvasBoard {
  state(projectId: string): Promise<{ readonly nodes: readonly CanvasNode[]; readonly edges: readonly CanvasEdge[] }>;
  /** @throws AppError `invalid`, `not_found` */
  upsertNode(projectId: string, node: NodeWish, userId: string | null): Promise<CanvasNode>;
  /** A service's node stays, and its deletion is staged; any other goes, a staged service with all its entries. */
  deleteNode(projectId: string, nodeId: string, userId: string | null): Promise<void>;
  /** Unknown nodes are left out. */
  moveNodes(
    projectId: string,
    positions: readonly NodePosition[],
    by: { readonly clientId: string; readonly userId: string | null },
  ): Promise<void>;
  /** @throws AppError `invalid` also for an edge that Slipway keeps, `not_found` (a node) */
  upsertEdge(projectId: string, edge: EdgeWish): Promise<CanvasEdge>;
  deleteEdge(projectId: string, edgeId: string): Promise<void>;
  /** A node for it, and its creation staged; neither without the other. */
  createService(
    projectId: string,
    draft: ServiceDraft,
    at: { readonly x: number; readonly y: number },
    userId: string | null,
  ): Promise<{ readonly node: CanvasNode; readonly change: PendingChange }>;
}

export type NodeWish = Pick<CanvasNode, "type" | "label" | "positionX" | "positionY"> &
  Partial<Pick<CanvasNode, "id" | "width" | "height" | "parentId" | "data">>;
export type EdgeWish = Pick<CanvasEdge, "sourceId" | "targetId"> & Partial<Pick<CanvasEdge, "id" | "label" | "data">>;
