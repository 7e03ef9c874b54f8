/** Staged edits: a log per project that is applied as a whole. Seed: 003-deploykit-architecture.txt, "Pending Changes". */

import type { EnvScope } from "./env-var.ts";
import type { ServiceSettings } from "./service-settings.ts";

/** A variable as it comes with a new service. */
export type GivenVariable = { readonly key: string; readonly value: string };

/** Settings somebody named; those left out stay, or are the defaults of a new service. */
export type SettingsPatch = { readonly [K in keyof Omit<ServiceSettings, "givenEnv">]?: ServiceSettings[K] };

/** A service as somebody describes it. Without an image it is created with nothing deployed. */
export type ServiceDraft = {
  readonly name: string;
  readonly kind: "function" | "image";
  readonly iconUrl: string | null;
  readonly isPrivate: boolean;
  /** The preset it was made from: it says how `${{ name.URL }}` looks and what the image is built from without a registry. */
  readonly preset: string | null;
  readonly settings: SettingsPatch;
  readonly envVars: readonly GivenVariable[];
};

/** What changes of a service; what is left out stays. */
export type ServicePatch = {
  readonly name?: string;
  readonly iconUrl?: string | null;
  readonly isPrivate?: boolean;
  readonly settings?: SettingsPatch;
  /** It was dragged into another group, or out of one: its canvas node says which it is in now. */
  readonly reparented?: true;
  /** Which group it was in before, null for none. */
  readonly previousParentId?: string | null;
};

/** What is to be done, by kind. */
export type ChangeBody =
  | { readonly op: "project.update"; readonly payload: { readonly name: string } }
  | { readonly op: "service.create"; readonly targetTempId: string; readonly payload: ServiceDraft }
  | { readonly op: "service.update"; readonly targetId: string; readonly payload: ServicePatch }
  | { readonly op: "service.delete"; readonly targetId: string; readonly payload: Record<string, never> }
  | {
      readonly op: "env_var.create";
      /** The scope's id; null when it is a staged service's. */
      readonly targetId: string | null;
      readonly parentTempId: string | null;
      readonly payload: { readonly scope: EnvScope; readonly key: string; readonly value: string };
    }
  | {
      readonly op: "env_var.update";
      readonly targetId: string;
      readonly payload: EnvVarEdit & { readonly value: string };
    }
  | { readonly op: "env_var.delete"; readonly targetId: string; readonly payload: EnvVarEdit };

/** Which variable an entry is about, for people who read the log. */
export type EnvVarEdit = {
  readonly scope: EnvScope;
  readonly scopeId: string;
  readonly key: string;
  readonly oldValue: string;
};

export type ChangeOp = ChangeBody["op"];

/** One entry of the log. */
export type PendingChange = ChangeBody & {
  readonly id: string;
  readonly projectId: string;
  /** 1, 2, 3, … within the project; entries take effect in this order. */
  readonly seq: number;
  /** Who staged it; null for the passkey and for users that are gone. */
  readonly userId: string | null;
  readonly createdAt: number;
};

export interface PendingChangeStore {
  /** By seq. */
  list(projectId: string): Promise<readonly PendingChange[]>;
  find(id: string): Promise<PendingChange | undefined>;
  /** @throws AppError `conflict` (seq is taken), `not_found` (project) */
  create(change: PendingChange): Promise<void>;
  /** Replaces what is to be done; its place in the log stays. @throws AppError `not_found` */
  update(id: string, payload: PendingChange["payload"]): Promise<PendingChange>;
  /** Idempotent. */
  remove(id: string): Promise<void>;
  clear(projectId: string): Promise<void>;
}

export const TARGET_TYPES: Readonly<Record<ChangeOp, "project" | "service" | "env_var">> = {
  "project.update": "project",
  "service.create": "service",
  "service.update": "service",
  "service.delete": "service",
  "env_var.create": "env_var",
  "env_var.update": "env_var",
  "env_var.delete": "env_var",
};
