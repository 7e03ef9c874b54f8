/** How a service runs, as its owner decides it: what a deployment is made from, and what can be staged. */

import {
  DEFAULT_RESOURCES,
  DEFAULT_START_MS,
  type Deployment,
  type HealthCheck,
  type PortSpec,
  type Resources,
  type RestartPolicy,
  type VolumeMount,
} from "./deployment.ts";

export type ServiceSettings = {
  /** The image as its owner named it; null for functions, whose builds make theirs. */
  readonly image: string | null;
  /** Empty: what the image exposes. */
  readonly ports: readonly PortSpec[];
  readonly replicas: number;
  readonly resources: Resources;
  /** Empty: the image's own. */
  readonly command: readonly string[];
  readonly health: HealthCheck | null;
  readonly startMs: number;
  readonly volumes: readonly VolumeMount[];
  readonly restart: RestartPolicy;
  /** Variables that its manifest or the request gave; they lie over those that project, group and service keep. Unresolved. */
  readonly givenEnv: Readonly<Record<string, string>>;
};

/** Of a service that is created with nothing but an image. */
export const DEFAULT_SERVICE_SETTINGS: Omit<ServiceSettings, "image"> = {
  ports: [],
  replicas: 1,
  resources: DEFAULT_RESOURCES,
  command: [],
  health: null,
  startMs: DEFAULT_START_MS,
  volumes: [],
  restart: "always",
  givenEnv: {},
};

/** What a deployment was made from. */
export function settingsOfDeployment(deployment: Deployment): ServiceSettings {
  const { wantedImage, ports, replicas, resources, command, health, startMs, volumes, restart, givenEnv } = deployment;
  return { image: wantedImage, ports, replicas, resources, command, health, startMs, volumes, restart, givenEnv };
}
