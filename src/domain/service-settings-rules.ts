/** What the settings of a service may be. Pure. */

import type { PortSpec, VolumeMount } from "./deployment.ts";
import { type AppError, invalidField } from "./errors.ts";
import type { SettingsPatch } from "./pending-change.ts";
import { requireVolumeSource, requireVolumeTarget } from "./upload.ts";

/** Most instances of one service. */
export const MAX_REPLICAS = 50;
const MAX_CPU_MILLICORES = 1_024_000;
const MIN_MEMORY_BYTES = 6 * 1024 * 1024;

const REFERENCE =
  /^(?:[A-Za-z0-9.-]+(?::[0-9]+)?\/)?[a-z0-9]+(?:(?:\.|_{1,2}|-+|\/)[a-z0-9]+)*(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

/** `[host[:port]/]name[:tag][@sha256:…]`. @throws AppError `invalid` */
export function requireImageReference(image: string, field = "image"): void {
  if (image.length <= 512 && REFERENCE.test(image)) return;
  throw invalidField(
    field,
    `${JSON.stringify(image.slice(0, 120))} is no image`,
    "Write it as postgres:16 or registry.example.com/team/app:1.2.",
  );
}

export type SettingsRules = {
  /** Absolute host folders an operator lets volumes come from. */
  readonly volumeRoots: readonly string[];
  /** Ports of the host that are the server's own. */
  readonly reservedPorts: readonly number[];
};

/** What is given of them, field by field. Answers them with volumes in the form they are kept. @throws AppError `invalid` */
export function checkedSettings(settings: SettingsPatch, rules: SettingsRules): SettingsPatch {
  const { image, ports, replicas, resources, command, health, startMs, volumes } = settings;
  if (image !== undefined && image !== null) requireImageReference(image);
  if (ports !== undefined) requirePorts(ports, rules.reservedPorts);
  if (replicas !== undefined) requireNumber("replicas", replicas, 1, MAX_REPLICAS);
  if (resources?.cpuMillicores != null) requireNumber("resources.cpu", resources.cpuMillicores, 1, MAX_CPU_MILLICORES);
  if (resources?.memoryBytes != null)
    requireNumber("resources.memory", resources.memoryBytes, MIN_MEMORY_BYTES, Number.MAX_SAFE_INTEGER);
  command?.forEach((part, i) => {
    if (part.includes("\0")) throw invalidField(`command[${i}]`, "has a NUL character");
  });
  if (health != null) requireHealth(health);
  if (startMs !== undefined) requireNumber("health.start_ms", startMs, 0, 3_600_000);
  if (volumes === undefined) return settings;
  return { ...settings, volumes: checkedVolumes(volumes, rules.volumeRoots) };
}

function requirePorts(ports: readonly PortSpec[], reserved: readonly number[]): void {
  ports.forEach((port, i) => {
    const { containerPort, hostPort, protocol } = port;
    const field = `ports[${i}]`;
    requireNumber(`${field}.container_port`, containerPort, 1, 65_535);
    const isTwice = ports.slice(0, i).some((p) => p.containerPort === containerPort && p.protocol === protocol);
    if (isTwice) throw invalidField(field, `${containerPort}/${protocol} is named twice`);
    if (hostPort === undefined) return;
    requireNumber(`${field}.host_port`, hostPort, 1, 65_535);
    if (reserved.includes(hostPort)) throw invalidField(`${field}.host_port`, `${hostPort} is the server's own`);
    if (ports.slice(0, i).some((p) => p.hostPort === hostPort && p.protocol === protocol))
      throw invalidField(`${field}.host_port`, `${hostPort} is named twice`);
  });
}

function requireHealth({ path, intervalMs, timeoutMs }: { path: string; intervalMs: number; timeoutMs: number }): void {
  if (!path.startsWith("/") || path.length > 2048) throw invalidField("health.path", "must start with /");
  requireNumber("health.interval_ms", intervalMs, 100, 3_600_000);
  requireNumber("health.timeout_ms", timeoutMs, 10, 600_000);
}

function checkedVolumes(volumes: readonly VolumeMount[], roots: readonly string[]): readonly VolumeMount[] {
  const checked = volumes.map(({ source, target, readOnly }, i) => ({
    source: requireVolumeSource(source, roots, `volumes[${i}].source`),
    target: requireVolumeTarget(target, `volumes[${i}].target`),
    readOnly,
  }));
  checked.forEach(({ target }, i) => {
    if (checked.slice(0, i).some((v) => v.target === target))
      throw invalidField(`volumes[${i}].target`, `${target} is mounted twice`);
  });
  return checked;
}

function requireNumber(field: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) throw outOfRange(field, min, max);
}

function outOfRange(field: string, min: number, max: number): AppError {
  return invalidField(field, `must be a whole number from ${min} to ${max}`);
}

/** http or https with a host, at most 2048 characters. Empty: none. @throws AppError `invalid` */
export function checkedIconUrl(url: string, field = "icon_url"): string | null {
  if (url === "") return null;
  if (url.length <= 2048 && /^https?:\/\/[^\s/?#]+(?:[/?#]\S*)?$/i.test(url)) return url;
  throw invalidField(field, "is no http or https address of at most 2048 characters", "Leave it empty for none.");
}
