/**
 * Secrets as files that instances see at /secrets: one folder per function, always there and mounted read-only, rewritten
 * whenever one of its secrets changes. It serves all deployments of the function that are on: what one of them asks for
 * is there for all.
 */

import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { COMING, type VolumeMount } from "../domain/deployment.ts";
import type { EventBus } from "../domain/events.ts";
import type { Logger } from "../domain/logger.ts";
import type { Project } from "../domain/project.ts";
import { SECRETS_TARGET, type SecretBox, secretPurpose } from "../domain/secret.ts";
import type { Service } from "../domain/service.ts";
import type { Stores } from "../domain/stores.ts";
import { writeSecretDirectory } from "./secret-directory.ts";
import { readVisibleSecrets } from "./secret-records.ts";

export type SecretFilesOptions = {
  /** `<secrets-dir>/<server id>`, in memory. */
  readonly folder: string;
  readonly stores: Pick<Stores, "projects" | "services" | "deployments" | "instances" | "secrets">;
  readonly box: SecretBox;
  readonly events: EventBus;
  readonly logger: Logger;
};

/** What brings secrets to instances. */
export interface SecretDelivery {
  /** Writes the function's secrets and answers where they are to be mounted. */
  mountsFor(service: Service, project: Project): Promise<readonly VolumeMount[]>;
  /** A secret was set or removed; null: a project-wide one. Running instances see it when this resolves. */
  changed(projectId: string, functionName: string | null): Promise<void>;
}

/** Where nothing runs that could read a file. */
export const NO_SECRET_FILES: SecretDelivery = { mountsFor: async () => [], changed: async () => undefined };

type Place = { readonly projectId: string; readonly projectSlug: string; readonly name: string };

export class SecretFiles implements SecretDelivery {
  readonly #options: SecretFilesOptions;
  /** By service id: where the folder of one that is gone was. */
  readonly #places = new Map<string, Place>();
  /** The last write of each folder; the next one follows it. */
  readonly #turns = new Map<string, Promise<void>>();
  readonly #stopListening: () => void;

  constructor(options: SecretFilesOptions) {
    this.#options = options;
    this.#stopListening = options.events.on((event) => {
      if (event.type !== "service.deleted" && event.type !== "instance.gone") return;
      this.#removeIfOver(event.serviceId).catch((error: unknown) =>
        options.logger.warn({ err: error, serviceId: event.serviceId }, "secrets of a deleted function stay for now"),
      );
    });
  }

  async mountsFor(service: Service, project: Project): Promise<readonly VolumeMount[]> {
    if (service.kind !== "function") return [];
    await this.#write(service, project);
    const source = this.#pathOf({ projectSlug: project.slug, name: service.name });
    return [{ source, target: SECRETS_TARGET, readOnly: true }];
  }

  async changed(projectId: string, functionName: string | null): Promise<void> {
    const { stores } = this.#options;
    const project = await stores.projects.get(projectId);
    const functions = await stores.services.list({ projectId, kind: "function" });
    for (const service of functions) {
      if (functionName === null || service.name === functionName) await this.#write(service, project);
    }
  }

  /** Writes the folders of all functions, and removes those of functions that are gone. Before anything is started. */
  async writeAll(): Promise<void> {
    const { stores, logger } = this.#options;
    const projects = new Map((await stores.projects.list()).map((project) => [project.id, project]));
    const paths = new Set<string>();
    for (const service of await stores.services.list({ kind: "function" })) {
      const project = projects.get(service.projectId);
      if (project === undefined) continue;
      paths.add(this.#pathOf({ projectSlug: project.slug, name: service.name }));
      // One that can't be opened is not all of them; a start of its function will say so, too.
      await this.#write(service, project).catch((error: unknown) =>
        logger.error({ err: error, serviceId: service.id }, "the secrets of a function can't be written"),
      );
    }
    await this.#removeOthers(paths);
  }

  /** Stops listening and waits for what is being written. */
  async close(): Promise<void> {
    this.#stopListening();
    await Promise.allSettled(this.#turns.values());
  }

  #write(service: Service, project: Project): Promise<void> {
    const { stores, box } = this.#options;
    const place = { projectId: project.id, projectSlug: project.slug, name: service.name };
    this.#places.set(service.id, place);
    return this.#inTurn(this.#pathOf(place), async (path) => {
      const statuses = [...COMING, "healthy" as const];
      const deployments = await stores.deployments.list({ serviceId: service.id, statuses });
      const asked = [...new Set(deployments.flatMap((deployment) => deployment.secrets))];
      const visible = await readVisibleSecrets(stores.secrets, project.id, service.name, asked);
      const files = [...visible].map(
        ([name, record]) => [name, box.open(record.sealed, secretPurpose(record))] as const,
      );
      await writeSecretDirectory(path, new Map(files));
    });
  }

  /** The service is deleted and its last instance gone: nobody reads them any more. */
  async #removeIfOver(serviceId: string): Promise<void> {
    const { stores } = this.#options;
    const place = this.#places.get(serviceId);
    if (place === undefined || (await stores.services.find(serviceId)) !== undefined) return;
    await this.#inTurn(this.#pathOf(place), async (path) => {
      // Another one of that name may be there by now, and the folder its own.
      const isTaken = (await stores.services.findByName(place.projectId, place.name)) !== undefined;
      if (isTaken || (await stores.instances.list({ serviceId })).length > 0) return;
      this.#places.delete(serviceId);
      await rm(path, { recursive: true, force: true });
    });
  }

  async #removeOthers(paths: ReadonlySet<string>): Promise<void> {
    const { folder } = this.#options;
    for (const projectSlug of await readdir(folder)) {
      for (const name of await readdir(join(folder, projectSlug))) {
        const path = this.#pathOf({ projectSlug, name });
        if (!paths.has(path)) await rm(path, { recursive: true, force: true });
      }
    }
  }

  #pathOf({ projectSlug, name }: Pick<Place, "projectSlug" | "name">): string {
    return join(this.#options.folder, projectSlug, name);
  }

  #inTurn(path: string, work: (path: string) => Promise<void>): Promise<void> {
    const before = this.#turns.get(path) ?? Promise.resolve();
    const turn = before.catch(() => undefined).then(() => work(path));
    this.#turns.set(path, turn);
    const forget = (): void => {
      if (this.#turns.get(path) === turn) this.#turns.delete(path);
    };
    turn.then(forget, forget);
    return turn;
  }
}
