/** What Slipway's things are called on the engine, and which labels say whose they are (design 9). Pure. */

import type { InstanceSpec } from "../domain/driver.ts";
import { LABELS } from "../domain/labels.ts";

/** Labels of instances that only this driver reads. */
export const IMAGE_LABEL = "slipway.image";
export const ADDRESS_LABEL = "slipway.address";
/** On containers made to look into an image; its value is the server's id. They are no instances. */
export const HELPER_LABEL = "slipway.helper";

export class EngineNames {
  readonly prefix: string;
  readonly serverId: string;

  constructor(prefix: string, serverId: string) {
    this.prefix = prefix;
    this.serverId = serverId;
  }

  network(projectSlug: string): string {
    return `${this.prefix}-${projectSlug}`;
  }

  instance(spec: InstanceSpec): string {
    const { projectSlug, serviceName, replica, deploymentId } = spec;
    return `${this.prefix}-${projectSlug}-${serviceName}-${replica}-${deploymentId.slice(0, 8)}`;
  }

  /** Name of the container that serves to look into the image of that id. */
  helper(imageId: string): string {
    return `${this.prefix}-look-${imageId.replace(/^sha256:/, "").slice(0, 12)}`;
  }

  networkLabels(projectSlug: string): Record<string, string> {
    return { [LABELS.managed]: "true", [LABELS.server]: this.serverId, [LABELS.project]: projectSlug };
  }

  instanceLabels(spec: InstanceSpec, address: string): Record<string, string> {
    return {
      ...this.networkLabels(spec.projectSlug),
      [LABELS.service]: spec.serviceId,
      [LABELS.deployment]: spec.deploymentId,
      [LABELS.replica]: String(spec.replica),
      [IMAGE_LABEL]: spec.image,
      [ADDRESS_LABEL]: address,
    };
  }

  helperLabels(): Record<string, string> {
    return { [LABELS.managed]: "true", [HELPER_LABEL]: this.serverId };
  }

  /** The engine's filter for networks and images of this server. */
  ownFilter(): string[] {
    return [`${LABELS.server}=${this.serverId}`];
  }

  /**
   * The engine's filter for instances of this server. A container has the labels of its image, too: what someone starts
   * from an image of ours says whose image it is, but has no deployment.
   */
  instanceFilter(serviceId?: string): string[] {
    const own = [...this.ownFilter(), LABELS.deployment];
    return serviceId === undefined ? own : [...own, `${LABELS.service}=${serviceId}`];
  }

  /** An instance of any server, or what a server made to look into an image: nobody else started it. */
  isServers(labels: Readonly<Record<string, string>>): boolean {
    return labels[LABELS.deployment] !== undefined || labels[HELPER_LABEL] !== undefined;
  }

  isOwn(labels: Readonly<Record<string, string>> | undefined | null): boolean {
    return labels?.[LABELS.server] === this.serverId;
  }

  isInstance(labels: Readonly<Record<string, string>>): boolean {
    return this.isOwn(labels) && labels[LABELS.deployment] !== undefined;
  }
}
