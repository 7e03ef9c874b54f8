/** Between a project's document and what it means. */

import {
  DEFAULT_HEALTH_INTERVAL_MS,
  DEFAULT_HEALTH_TIMEOUT_MS,
  DEFAULT_START_MS,
  type PortSpec,
  type VolumeMount,
} from "../domain/deployment.ts";
import { volumeText } from "../domain/manifest-of.ts";
import type { SettingsPatch } from "../domain/pending-change.ts";
import {
  type FunctionDocument,
  type ImageDocument,
  isFunctionDocument,
  type ProjectDocument,
  type ServiceDocument,
} from "../domain/project-document.ts";
import type { GroupSpec, ProjectSpec, ServiceSpec } from "../domain/project-spec.ts";
import { DEFAULT_SERVICE_SETTINGS } from "../domain/service-settings.ts";
import { PORT } from "./project-schema.ts";

const MIB = 1_048_576;

export function specOf(document: ProjectDocument): ProjectSpec {
  const groups = Object.entries(document.groups ?? {});
  const services = Object.entries(document.services ?? {});
  return {
    name: document.name,
    slug: document.slug ?? "",
    env: document.env ?? {},
    groups: byName(groups.map(([name, { env }]): GroupSpec => ({ name, env: env ?? {} }))),
    services: byName(services.map(([name, service]) => serviceSpec(name, service))),
  };
}

function serviceSpec(name: string, service: ServiceDocument): ServiceSpec {
  const isFunction = isFunctionDocument(service);
  return {
    name,
    kind: isFunction ? "function" : "image",
    preset: isFunction ? null : (service.preset ?? null),
    iconUrl: service.iconUrl ?? null,
    isPrivate: service.private ?? !isFunction,
    group: service.group ?? null,
    env: service.env ?? {},
    settings: isFunction ? null : settingsOf(service),
    manifest: isFunction && service.sourceId !== undefined ? (service.manifest ?? {}) : null,
    sourceId: isFunction ? (service.sourceId ?? null) : null,
    routes: [...new Set(service.routes)].sort(),
  };
}

function settingsOf(service: ImageDocument): SettingsPatch | null {
  const { image, ports, replicas, resources, command, health, volumes, restart } = service;
  if (image === null) return null;
  return {
    ...(image !== undefined && { image }),
    ...(ports !== undefined && { ports: ports.map(portOf) }),
    ...(replicas !== undefined && { replicas }),
    ...(resources !== undefined && { resources: resourcesOf(resources) }),
    ...(command !== undefined && { command }),
    ...(health !== undefined && healthOf(health)),
    ...(volumes !== undefined && { volumes: volumes.map(volumeOf) }),
    ...(restart !== undefined && { restart }),
  };
}

function resourcesOf({ cpu, memoryMb }: NonNullable<ImageDocument["resources"]>) {
  const { memoryBytes } = DEFAULT_SERVICE_SETTINGS.resources;
  return {
    cpuMillicores: cpu === undefined ? null : Math.round(cpu * 1000),
    memoryBytes: memoryMb === undefined ? memoryBytes : memoryMb === null ? null : memoryMb * MIB,
  };
}

function healthOf({ path, intervalMs, timeoutMs, startMs }: NonNullable<ImageDocument["health"]>): SettingsPatch {
  const check = path !== undefined && {
    health: {
      path,
      intervalMs: intervalMs ?? DEFAULT_HEALTH_INTERVAL_MS,
      timeoutMs: timeoutMs ?? DEFAULT_HEALTH_TIMEOUT_MS,
      allowsNotFound: false,
    },
  };
  return { ...check, ...(startMs !== undefined && { startMs }) };
}

function portOf(text: string): PortSpec {
  const [, host, container, protocol] = PORT.exec(text) ?? [];
  return {
    containerPort: Number(container),
    ...(host !== undefined && { hostPort: Number(host) }),
    protocol: protocol === "udp" ? "udp" : "tcp",
  };
}

/** Of the form that the schema lets through. */
function volumeOf(text: string): VolumeMount {
  const [source = "", target = "", mode] = text.split(":");
  // As the server keeps it: `./data` and `data` are one folder.
  const parts = source.split("/").filter((part) => part !== "" && part !== ".");
  const clean = source.startsWith("/") ? source : parts.join("/") || ".";
  return { source: clean, target: target.replace(/(.)\/+$/, "$1"), readOnly: mode === "ro" };
}

export function documentOf({ name, slug, env, groups, services }: ProjectSpec): ProjectDocument {
  return {
    name,
    ...(slug !== "" && { slug }),
    ...(isFilled(env) && { env }),
    ...(groups.length > 0 && {
      groups: Object.fromEntries(groups.map((g) => [g.name, isFilled(g.env) ? { env: g.env } : {}])),
    }),
    services: Object.fromEntries(services.map((service) => [service.name, serviceDocument(service)])),
  };
}

function serviceDocument(spec: ServiceSpec): ServiceDocument {
  const { kind, group, env, isPrivate, iconUrl, routes } = spec;
  const isFunction = kind === "function";
  const common = {
    ...(group !== null && { group }),
    ...(isFilled(env) && { env }),
    ...(isPrivate === isFunction && { private: isPrivate }),
    ...(iconUrl !== null && { iconUrl }),
    ...(routes.length > 0 && { routes }),
  };
  return isFunction ? functionDocument(spec, common) : { kind, ...imageDocument(spec), ...common };
}

function functionDocument({ sourceId, manifest }: ServiceSpec, common: FunctionDocument): FunctionDocument {
  return {
    kind: "function",
    ...(sourceId !== null && { sourceId }),
    ...common,
    ...(manifest !== null && isFilled(manifest) && { manifest }),
  };
}

function imageDocument({ preset, settings }: ServiceSpec): ImageDocument {
  const { image, ports, replicas, resources, command, volumes, restart } = settings ?? {};
  const health = settings === null ? {} : healthDocument(settings);
  // An empty list says something only where a preset would say something else.
  const isSaid = (list: readonly unknown[] | undefined) => list !== undefined && (list.length > 0 || preset !== null);
  return {
    ...(preset !== null && { preset }),
    ...(settings === null ? { image: null } : image != null && { image }),
    ...(isSaid(ports) && { ports: ports?.map(portText) }),
    ...(replicas !== undefined && replicas !== 1 && { replicas }),
    ...(resources !== undefined && { resources: resourcesDocument(resources) }),
    ...(isSaid(command) && { command }),
    ...(isFilled(health) && { health }),
    ...(isSaid(volumes) && { volumes: volumes?.map(volumeText) }),
    ...(restart !== undefined && restart !== "always" && { restart }),
  };
}

function healthDocument({ health, startMs }: SettingsPatch): NonNullable<ImageDocument["health"]> {
  return {
    ...(health != null && { path: health.path, intervalMs: health.intervalMs, timeoutMs: health.timeoutMs }),
    ...(startMs !== undefined && startMs !== DEFAULT_START_MS && { startMs }),
  };
}

function resourcesDocument({ cpuMillicores, memoryBytes }: NonNullable<SettingsPatch["resources"]>) {
  return {
    ...(cpuMillicores !== null && { cpu: cpuMillicores / 1000 }),
    memoryMb: memoryBytes === null ? null : Math.round(memoryBytes / MIB),
  };
}

/** `80`, `8080:80`, `53/udp`. */
export function portText({ hostPort, containerPort, protocol }: PortSpec): string {
  return `${hostPort === undefined ? "" : `${hostPort}:`}${containerPort}${protocol === "udp" ? "/udp" : ""}`;
}

function byName<T extends { readonly name: string }>(list: readonly T[]): readonly T[] {
  return list.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function isFilled(value: object): boolean {
  return Object.keys(value).length > 0;
}
