/** Edits of services that act at once. They go the same way as staged ones: one change, applied alone. */

import { type ChangeRules, checkedDraft } from "../../domain/change-rules.ts";
import type { Clock } from "../../domain/clock.ts";
import type { Deployment } from "../../domain/deployment.ts";
import { requireEnvKey, requireEnvValue } from "../../domain/env-var.ts";
import { AppError } from "../../domain/errors.ts";
import type { EventBus } from "../../domain/events.ts";
import type { ChangeBody, ServiceDraft } from "../../domain/pending-change.ts";
import type { Project } from "../../domain/project.ts";
import type { DeploymentRequest, ServiceEdits } from "../../domain/project-operations.ts";
import { type PresetUrls, resolveEnv } from "../../domain/resolve-env.ts";
import type { RouteClaim, RouteRecord } from "../../domain/route-claim.ts";
import type { Service } from "../../domain/service.ts";
import { DEFAULT_SERVICE_SETTINGS, settingsOfDeployment } from "../../domain/service-settings.ts";
import { checkedSettings } from "../../domain/service-settings-rules.ts";
import { applyChanges } from "../../domain/staged-changes.ts";
import type { Database, Stores } from "../../domain/stores.ts";
import { newId } from "../../lib/ids.ts";
import { addOwnersRoute } from "../service-routes.ts";
import type { AfterWrite } from "./after-write.ts";
import { type WrittenDeployment, writeDeployment } from "./new-deployments.ts";
import { findModel, readProjectState } from "./project-reader.ts";
import type { ProjectWriter } from "./project-writer.ts";

export type ServiceEditorOptions = {
  readonly database: Database;
  readonly clock: Pick<Clock, "now">;
  readonly events: Pick<EventBus, "publish">;
  readonly writer: ProjectWriter;
  readonly after: AfterWrite;
  readonly rules: ChangeRules;
  readonly presets: PresetUrls;
  /** Below it services answer by their names; lower case, null: none. */
  readonly baseDomain: string | null;
  readonly publishRoutes: () => Promise<void>;
};

export class ServiceEditor implements ServiceEdits {
  readonly #options: ServiceEditorOptions;

  constructor(options: ServiceEditorOptions) {
    this.#options = options;
  }

  async create(
    project: Project,
    wish: ServiceDraft,
  ): Promise<{ readonly service: Service; readonly deployment: Deployment | undefined }> {
    const { database, writer, after, rules } = this.#options;
    const draft = checkedDraft(wish, rules);
    const written = await database.transact(async (tx) => {
      const before = await readProjectState(tx, project.id);
      const change: ChangeBody = { op: "service.create", targetTempId: newId(), payload: draft };
      // A name that somebody has staged is taken, too.
      applyChanges(before, [...(await tx.pendingChanges.list(project.id)), change], newId);
      const { state, tempIds } = applyChanges(before, [change], newId);
      return writer.write(tx, await tx.projects.get(project.id), { before, after: state, tempIds });
    });
    await after.follow(written);
    const [service] = written.createdServices;
    if (service === undefined) throw new AppError("internal", "A service was created and is not there.");
    const deployment = written.deployments.find((d) => d.deployment.serviceId === service.id)?.deployment;
    return { service, deployment };
  }

  async deploy(service: Service, request: DeploymentRequest): Promise<Deployment> {
    const { database, after } = this.#options;
    const written = await database.transact((tx) => this.#write(tx, service, request));
    await after.begin(written);
    await this.#options.publishRoutes();
    return written.deployment;
  }

  async #write(tx: Stores, { id }: Service, { env, ...given }: DeploymentRequest): Promise<WrittenDeployment> {
    const { clock, presets, rules } = this.#options;
    const service = await tx.services.get(id);
    const isFunction = service.kind === "function";
    if (isFunction && given.image != null)
      throw new AppError("invalid", `image: ${service.name} is a function, whose image is built from its source.`, {
        fields: { image: ["is not a function's to choose"] },
        remedy: "Deploy its source, or create a service of kind image.",
      });
    const patch = checkedSettings(given, rules);
    requireEnv(env ?? {});
    const model = await findModel(tx, service);
    const before = model === undefined ? { ...DEFAULT_SERVICE_SETTINGS, image: null } : settingsOfDeployment(model);
    const givenEnv = isFunction ? { ...before.givenEnv, ...env } : { ...env };
    const named = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
    const settings = { ...before, ...named, givenEnv };
    requireSomethingToRun(service, settings.image, model);
    const state = await readProjectState(tx, service.projectId);
    const own = state.services.find((s) => s.id === id);
    const resolved = own === undefined ? givenEnv : resolveEnv(state, own, presets, givenEnv).env;
    const wish = { service, model, settings, env: resolved, staysStopped: false, now: clock.now() };
    return writeDeployment(tx, wish);
  }

  async addRoute({ id }: Service, claim: RouteClaim): Promise<RouteRecord> {
    const { database, clock, baseDomain } = this.#options;
    const route = await database.transact(async (tx) =>
      addOwnersRoute(tx, await tx.services.get(id), claim, clock.now(), baseDomain),
    );
    await this.#routesChanged(id);
    return route;
  }

  async removeRoute({ id, name }: Service, routeId: string): Promise<void> {
    const { database } = this.#options;
    await database.transact(async (tx) => {
      const route = (await tx.routes.list({ serviceId: id })).find((r) => r.id === routeId);
      if (route === undefined) throw new AppError("not_found", `${name} has no route ${routeId}.`);
      if (route.origin === "manifest")
        throw new AppError("conflict", `${route.value} stands in the manifest of ${name}.`, {
          remedy: "Take it out of slipway.yml and deploy again.",
        });
      await tx.routes.remove(routeId);
    });
    await this.#routesChanged(id);
  }

  async #routesChanged(serviceId: string): Promise<void> {
    this.#options.events.publish({ type: "service.updated", serviceId });
    await this.#options.publishRoutes();
  }
}

function requireSomethingToRun(service: Service, image: string | null, model: Deployment | undefined): void {
  if (service.kind === "image" && image === null)
    throw new AppError("invalid", "image: is missing.", {
      fields: { image: ["is required"] },
      remedy: "Name one, e.g. postgres:16.",
    });
  if (service.kind === "function" && model === undefined)
    throw new AppError("conflict", `${service.name} has nothing to roll out: nothing of it was built yet.`, {
      remedy: "Deploy its source first: POST /api/functions, or slipway deploy.",
    });
}

function requireEnv(env: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(env)) {
    requireEnvKey(key, "env_vars");
    requireEnvValue(value, `env_vars.${key}`);
  }
}
