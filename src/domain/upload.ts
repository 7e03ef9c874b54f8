/** The form of a lambdaathome upload: its fields, checked. Pure. Seed: 000-lambdaathome-flows.txt, "Deploy a function". */

import type { VolumeMount } from "./deployment.ts";
import { AppError, invalidField } from "./errors.ts";
import { normalizeImageTag, requireServiceName } from "./names.ts";

export type UploadFields = {
  readonly name: string;
  /** As it was given, e.g. `my-api`. */
  readonly tag: string;
  readonly runtime: string;
  readonly port: number;
  readonly volume: string;
  readonly volumes: readonly VolumeMount[];
};

/** Ports an upload can never have (the seed's); the server's own are added to them. */
export const RESERVED_PORTS: readonly number[] = [80, 8080, 9001];

export type UploadRules = {
  readonly reservedNames: readonly string[];
  readonly reservedPorts: readonly number[];
  /** Absolute host folders an operator lets volumes come from, besides the managed one. */
  readonly volumeRoots: readonly string[];
  /** What an operator lets functions keep, upper case, without `CAP_`. */
  readonly capabilities: readonly string[];
  /** Networks an operator lets functions join. */
  readonly networks: readonly string[];
  /** Hosts that are the platform's own. */
  readonly ownHosts: readonly string[];
};

/** @throws AppError `invalid`, once, naming every missing field, or the first field that can't be used */
export function parseUpload(
  form: Readonly<Record<string, string | undefined>>,
  hasFile: boolean,
  rules: UploadRules,
): UploadFields {
  const missing = ["name", "tag", "runtime", "port"].filter((field) => (form[field] ?? "").trim() === "");
  if (!hasFile) missing.push("file");
  if (missing.length > 0) {
    throw new AppError("invalid", `Missing required fields: ${missing.join(", ")}`, {
      fields: Object.fromEntries(missing.map((field) => [field, ["is required"]])),
      remedy: "Send a multipart form with name, tag, runtime, port and the zip: curl -F name=… -F file=@code.zip",
    });
  }
  const text = (field: string): string => (form[field] ?? "").trim();
  requireServiceName(text("name"), rules.reservedNames);
  normalizeImageTag(text("tag"));
  return {
    name: text("name"),
    tag: text("tag"),
    runtime: text("runtime"),
    port: parsePort(text("port"), rules.reservedPorts),
    volume: text("volume"),
    volumes: parseVolumes(text("volume"), rules.volumeRoots),
  };
}

/** @throws AppError `invalid` */
export function parsePort(text: string, reserved: readonly number[]): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port >= 1 && port <= 65_535))
    throw invalidField("port", `${JSON.stringify(text)} is no port`, "Use a number from 1 to 65535.");
  if (reserved.includes(port)) {
    throw invalidField("port", `${port} is reserved`, `Use a port other than ${reserved.join(", ")}.`);
  }
  return port;
}

/**
 * `./data:/data,./other:/other:ro`. Sources are relative (below the service's own folder) or below one of `roots`.
 * @throws AppError `invalid`
 */
export function parseVolumes(text: string, roots: readonly string[]): readonly VolumeMount[] {
  if (text.trim() === "") return [];
  return parseVolumeList(text.split(","), roots, () => "volume");
}

/** The same for texts one by one; `fieldOf` says what to call each in errors. @throws AppError `invalid` */
export function parseVolumeList(
  texts: readonly string[],
  roots: readonly string[],
  fieldOf: (index: number) => string,
): readonly VolumeMount[] {
  const mounts = texts.map((text, i) => parseVolume(text.trim(), roots, fieldOf(i)));
  const targets = mounts.map((m) => m.target);
  const twice = targets.findIndex((target, i) => targets.indexOf(target) !== i);
  if (twice >= 0) throw invalidField(fieldOf(twice), `${targets[twice]} is mounted twice`);
  return mounts;
}

function parseVolume(part: string, roots: readonly string[], field: string): VolumeMount {
  const [source, target, mode, ...more] = part.split(":");
  const isShape = source && target && more.length === 0 && (mode === undefined || mode === "ro" || mode === "rw");
  if (!isShape)
    throw invalidField(
      field,
      `${JSON.stringify(part)} is no volume`,
      "Write it as ./data:/data, with :ro for read-only.",
    );
  return {
    source: requireVolumeSource(source, roots, field),
    target: requireVolumeTarget(target, field),
    readOnly: mode === "ro",
  };
}

/** A folder below the service's own, or one that an operator lists. @throws AppError `invalid` */
export function requireVolumeSource(source: string, roots: readonly string[], field: string): string {
  if (source.includes("\0") || source.split("/").includes(".."))
    throw invalidField(field, `${source} leaves the service's own folder`, "Use a path without `..`.");
  // Part by part: what is left of `.//etc` without its first two characters would be a folder of the host.
  const parts = source.split("/").filter((part) => part !== "" && part !== ".");
  if (!source.startsWith("/")) return parts.join("/") || ".";
  const isAllowed = roots.some((root) => source === root || source.startsWith(root.endsWith("/") ? root : `${root}/`));
  if (isAllowed) return source;
  throw invalidField(
    field,
    `${source} is a folder of the host`,
    "Use a relative path such as ./data, or ask the operator to list the folder in SLIPWAY_VOLUME_ROOTS.",
  );
}

const FORBIDDEN_TARGETS = ["/", "/proc", "/sys", "/dev", "/secrets"];

/** Where in the container. @throws AppError `invalid` */
export function requireVolumeTarget(target: string, field: string): string {
  const clean = target.length > 1 ? target.replace(/\/+$/, "") : target;
  const isBad = !clean.startsWith("/") || clean.split("/").includes("..") || clean.includes("\0");
  if (isBad) throw invalidField(field, `${target} is no absolute path in the container`, "Write it as ./data:/data.");
  if (FORBIDDEN_TARGETS.some((t) => clean === t || (t !== "/" && clean.startsWith(`${t}/`)))) {
    throw invalidField(field, `${target} can't be mounted over`);
  }
  return clean;
}
