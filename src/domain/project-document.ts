/** A whole project as its owner writes it down in YAML, read and written by src/manifest/. */

import type { RestartPolicy } from "./deployment.ts";
import type { Manifest } from "./manifest.ts";
import type { ProjectSpec } from "./project-spec.ts";

type CommonDocument = {
  readonly group?: string | undefined;
  /** Variables that the service keeps. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Not reachable through the gateway. Absent: true for images, false for functions. */
  readonly private?: boolean | undefined;
  readonly iconUrl?: string | undefined;
  /** `shop.example.com` or `/shop`. */
  readonly routes?: readonly string[] | undefined;
};

export type ImageDocument = CommonDocument & {
  readonly kind?: "image" | undefined;
  /** Null: nothing is deployed. */
  readonly image?: string | null | undefined;
  readonly preset?: string | undefined;
  /** `80`, `8080:80` (host port first), `53/udp`. */
  readonly ports?: readonly string[] | undefined;
  readonly replicas?: number | undefined;
  /** `memoryMb: null`: no limit. */
  readonly resources?: { readonly cpu?: number | undefined; readonly memoryMb?: number | null | undefined } | undefined;
  readonly command?: readonly string[] | undefined;
  readonly health?:
    | {
        readonly path?: string | undefined;
        readonly intervalMs?: number | undefined;
        readonly timeoutMs?: number | undefined;
        readonly startMs?: number | undefined;
      }
    | undefined;
  readonly volumes?: readonly string[] | undefined;
  readonly restart?: RestartPolicy | undefined;
};

export type FunctionDocument = CommonDocument & {
  readonly kind?: "function" | undefined;
  /** In a file: folder or archive, relative to the file. */
  readonly source?: string | undefined;
  /** Over HTTP: SHA-256 of the source. */
  readonly sourceId?: string | undefined;
  /** In a file laid over the slipway.yml in the source; over HTTP both together. */
  readonly manifest?: Manifest | undefined;
};

export type ServiceDocument = ImageDocument | FunctionDocument;

export type ProjectDocument = {
  readonly name: string;
  readonly slug?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** By name. */
  readonly groups?:
    | Readonly<Record<string, { readonly env?: Readonly<Record<string, string>> | undefined }>>
    | undefined;
  /** By name. */
  readonly services?: Readonly<Record<string, ServiceDocument>> | undefined;
};

export interface ProjectDocuments {
  /** @throws AppError `invalid` naming file, line, key and the nearest known key of all that is wrong */
  read(text: string, file: string): Promise<ProjectDocument>;
  /** One that came over HTTP. @throws AppError `invalid` naming each field */
  check(value: unknown): Promise<ProjectSpec>;
  /** As it goes over HTTP; what is as by default is left out. */
  documentOf(spec: ProjectSpec): Promise<ProjectDocument>;
  /** YAML; `read` of it gives the same document. `comment`: lines at its top. */
  write(document: ProjectDocument, comment: readonly string[]): Promise<string>;
  /** The JSON Schema (draft 2020-12) of the file, for editors. */
  jsonSchema(): Promise<object>;
}

export function isFunctionDocument(document: ServiceDocument): document is FunctionDocument {
  return document.kind === "function" || "source" in document || "sourceId" in document || "manifest" in document;
}
