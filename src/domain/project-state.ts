/** A project as staging sees it: what its owners decided, without how far it has come. Pure. */

import type { EnvScope } from "./env-var.ts";
import type { ServiceKind } from "./service.ts";
import type { ServiceSettings } from "./service-settings.ts";

export type ServiceState = {
  readonly id: string;
  readonly name: string;
  readonly kind: ServiceKind;
  readonly iconUrl: string | null;
  readonly isPrivate: boolean;
  readonly preset: string | null;
  /** The canvas group whose variables it gets; null: none. */
  readonly groupId: string | null;
  /** Of the newest deployment that neither failed nor was cancelled; null: nothing was deployed yet. */
  readonly settings: ServiceSettings | null;
  /** What it listens on where its settings name no port: its image exposes it, or a build found it. Null: not known. */
  readonly port: number | null;
};

export type Variable = {
  readonly id: string;
  readonly scope: EnvScope;
  readonly scopeId: string;
  readonly key: string;
  readonly value: string;
};

export type ProjectState = {
  readonly id: string;
  readonly name: string;
  readonly services: readonly ServiceState[];
  readonly variables: readonly Variable[];
  /**
   * Which group each node of the canvas is in now, by service id, or by the node's own id (a temporary id) for a staged
   * service. A reparent takes a service there.
   */
  readonly groups: ReadonlyMap<string, string | null>;
  /** Ids of the canvas groups there are. */
  readonly groupIds: readonly string[];
};
