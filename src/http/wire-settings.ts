/** Settings of a service between the wire's words and the domain's. */

import type { SettingsWish } from "../api/settings.ts";
import {
  DEFAULT_HEALTH_INTERVAL_MS,
  DEFAULT_HEALTH_TIMEOUT_MS,
  DEFAULT_RESOURCES,
  DEFAULT_START_MS,
  type HealthCheck,
  type PortSpec,
  type Resources,
  type VolumeMount,
} from "../domain/deployment.ts";
import type { SettingsPatch } from "../domain/pending-change.ts";

const MEBIBYTE = 1_048_576;
/** Docker's weight of one core. */
const SHARES_PER_CORE = 1024;

/** What was given of them; values are checked by who takes them. */
export function settingsFrom(wish: SettingsWish): SettingsPatch {
  const { image, ports, replicas, resources, command, health, volumes, restart } = wish;
  return {
    ...(image !== undefined && { image }),
    ...(ports && { ports: ports.map(portFrom) }),
    ...(replicas !== undefined && { replicas }),
    ...(resources && { resources: resourcesFrom(resources) }),
    ...(command && { command }),
    ...(health !== undefined && healthFrom(health)),
    ...(volumes && {
      volumes: volumes.map(({ source, target, read_only }) => ({ source, target, readOnly: read_only })),
    }),
    ...(restart && { restart }),
  };
}

function portFrom({ container_port, host_port, protocol }: NonNullable<SettingsWish["ports"]>[number]): PortSpec {
  return { containerPort: container_port, protocol, ...(host_port != null && { hostPort: host_port }) };
}

function resourcesFrom({ cpu_shares, memory_mb }: NonNullable<SettingsWish["resources"]>): Resources {
  return {
    cpuMillicores: cpu_shares == null ? null : Math.round((cpu_shares * 1000) / SHARES_PER_CORE),
    memoryBytes: memory_mb === undefined ? DEFAULT_RESOURCES.memoryBytes : memory_mb && memory_mb * MEBIBYTE,
  };
}

function healthFrom(health: SettingsWish["health"]): Pick<SettingsPatch, "health" | "startMs"> {
  if (health == null) return { health: null };
  const { path, interval_ms, timeout_ms, start_ms } = health;
  return {
    health: {
      path,
      intervalMs: interval_ms ?? DEFAULT_HEALTH_INTERVAL_MS,
      timeoutMs: timeout_ms ?? DEFAULT_HEALTH_TIMEOUT_MS,
      allowsNotFound: false,
    },
    startMs: start_ms ?? DEFAULT_START_MS,
  };
}

/** The given ones in the wire's words, for staged changes. */
export function settingsView(settings: SettingsPatch): Record<string, unknown> {
  const { image, ports, replicas, resources, command, health, startMs, volumes, restart } = settings;
  return {
    ...(image != null && { image }),
    ...(ports && { ports: ports.map(portView) }),
    ...(replicas !== undefined && { replicas }),
    ...(resources && { resources: resourcesView(resources) }),
    ...(command && { command: [...command] }),
    ...(health !== undefined && { health: healthView(health, startMs ?? DEFAULT_START_MS) }),
    ...(volumes && { volumes: volumes.map(volumeView) }),
    ...(restart && { restart }),
  };
}

export function portView({ containerPort, hostPort, protocol }: PortSpec) {
  return { container_port: containerPort, ...(hostPort !== undefined && { host_port: hostPort }), protocol };
}

export function resourcesView({ cpuMillicores, memoryBytes }: Resources) {
  return {
    cpu_shares: cpuMillicores === null ? null : Math.round((cpuMillicores * SHARES_PER_CORE) / 1000),
    memory_mb: memoryBytes === null ? null : Math.round(memoryBytes / MEBIBYTE),
  };
}

export function healthView(health: HealthCheck | null, startMs: number) {
  return (
    health && {
      path: health.path,
      interval_ms: health.intervalMs,
      timeout_ms: health.timeoutMs,
      start_ms: startMs,
    }
  );
}

export function volumeView({ source, target, readOnly }: VolumeMount) {
  return { source, target, read_only: readOnly };
}
