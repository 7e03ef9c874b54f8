/** A whole project as one document, for `slipway apply` and `slipway export`. */

import type { Manifest } from "./manifest.ts";
import type { SettingsPatch } from "./pending-change.ts";
import type { ServiceKind } from "./service.ts";

export type ServiceSpec = {
  readonly name: string;
  readonly kind: ServiceKind;
  readonly preset: string | null;
  /** Null: its preset's, else none. Empty: none. */
  readonly iconUrl: string | null;
  readonly isPrivate: boolean;
  /** Name of the canvas group it sits in. */
  readonly group: string | null;
  /** Variables that the service keeps. Those of its preset that are left out stay, or are made. */
  readonly env: Readonly<Record<string, string>>;
  /** Image services: what is left out is its preset's, else the default. Null: nothing is deployed, or it is a function. */
  readonly settings: SettingsPatch | null;
  /** Functions: how the source is built and run, its own slipway.yml included. Null: nothing was uploaded, or stays as it is. */
  readonly manifest: Manifest | null;
  /** Functions: SHA-256 of the source. Null: none, or it stays as it is. */
  readonly sourceId: string | null;
  /** Hosts and paths given by hand, each as `host` or `/path`. Sorted. */
  readonly routes: readonly string[];
};

export type GroupSpec = { readonly name: string; readonly env: Readonly<Record<string, string>> };

export type ProjectSpec = {
  readonly name: string;
  /** Empty: one is made of the name, or the only project of that name is meant. */
  readonly slug: string;
  readonly env: Readonly<Record<string, string>>;
  /** Sorted by name. */
  readonly groups: readonly GroupSpec[];
  /** Sorted by name. */
  readonly services: readonly ServiceSpec[];
};

/** One difference, for people and programs. */
export type PlannedChange = {
  readonly action: "create" | "update" | "delete";
  readonly what: "project" | "group" | "service" | "variable" | "route";
  /** `shop`, `web`, `web.PORT`, `shop.KEY`, `backend/KEY`, `web /path`. */
  readonly name: string;
  /** The fields that change, of an update. Values of variables are never among them. */
  readonly fields: readonly string[];
  /** Its service gets a new deployment. */
  readonly redeploys: boolean;
};
