/** What has to change so that a project is as its document says. Pure. */

import { AppError, invalidField } from "./errors.ts";
import type { Manifest } from "./manifest.ts";
import { patchOf, uploadedDifferences } from "./manifest-of.ts";
import type { MaterializedPreset } from "./preset.ts";
import { diffProjects } from "./project-diff.ts";
import { type ProjectPicture, type ServiceRoute, variablesOf } from "./project-picture.ts";
import type { PlannedChange, ProjectSpec, ServiceSpec } from "./project-spec.ts";
import type { ProjectState, ServiceState, Variable } from "./project-state.ts";
import type { PresetUrls } from "./resolve-env.ts";
import type { RolloutSettings } from "./rollout.ts";
import { changedFields, imageWish, requireSameKind, type Wish, withoutGiven, withPatch } from "./service-wish.ts";

export type ProjectPlan = {
  /** In the order it is done. Empty: it is so already. */
  readonly changes: readonly PlannedChange[];
  /** What is to be stored of services and variables. */
  readonly after: ProjectState;
  readonly newGroups: readonly { readonly id: string; readonly name: string }[];
  /** Ids. */
  readonly removedGroups: readonly string[];
  readonly addedRoutes: readonly ServiceRoute[];
  readonly removedRoutes: readonly ServiceRoute[];
  /** Functions whose source has to be uploaded. */
  readonly uploads: readonly string[];
};

export type PlanOptions = {
  /** What the document does not name goes. */
  readonly prune: boolean;
  /** It is yet to be made. */
  readonly isNew: boolean;
  newId(): string;
  /** With fresh secrets. @throws AppError `not_found` */
  preset(id: string): MaterializedPreset;
  readonly presetUrls: PresetUrls;
  /** What a manifest means. @throws AppError `invalid`, `forbidden`, `conflict` */
  settingsOf(manifest: Manifest & { readonly name: string }): RolloutSettings;
};

/** @throws AppError `invalid` naming where; `conflict` for what can't become what the document says */
export function planProject(before: ProjectPicture, spec: ProjectSpec, options: PlanOptions): ProjectPlan {
  return new Planning(before, spec, options).plan();
}

class Planning {
  readonly #before: ProjectPicture;
  readonly #spec: ProjectSpec;
  readonly #options: PlanOptions;
  readonly #lines: PlannedChange[] = [];
  readonly #uploads: string[] = [];
  /** By name. */
  readonly #groupIds: Map<string, string>;
  #state: ProjectState;

  constructor(before: ProjectPicture, spec: ProjectSpec, options: PlanOptions) {
    this.#before = before;
    this.#spec = spec;
    this.#options = options;
    this.#state = before.state;
    this.#groupIds = new Map([...before.groupNames].map(([id, name]) => [name, id]));
  }

  plan(): ProjectPlan {
    this.#project();
    const newGroups = this.#newGroups();
    const removed = this.#options.prune ? this.#removeServices() : [];
    const services = this.#spec.services.map((service) => this.#service(service));
    this.#keep("project", this.#state.id, this.#state.name, this.#spec.env, ".", []);
    for (const { name, env } of this.#spec.groups)
      this.#keep("group", this.#groupIds.get(name) ?? "", name, env, "/", []);
    const removedGroups = this.#options.prune ? this.#removeGroups() : [];
    const routes = this.#routes(services, removed);
    const diff = diffProjects(this.#before.state, this.#state, this.#options.presetUrls);
    return {
      changes: this.#changes(diff.redeployed.map((s) => s.name)),
      after: this.#state,
      newGroups,
      removedGroups,
      ...routes,
      uploads: this.#uploads.sort(),
    };
  }

  #project(): void {
    const { name } = this.#spec;
    const isRenamed = name !== this.#state.name;
    if (this.#options.isNew) this.#say("create", "project", name);
    else if (isRenamed) this.#say("update", "project", name, ["name"]);
    this.#state = { ...this.#state, name };
  }

  #newGroups(): ProjectPlan["newGroups"] {
    const fresh = this.#spec.groups.filter(({ name }) => !this.#groupIds.has(name));
    const groups = fresh.map(({ name }) => ({ id: this.#options.newId(), name }));
    for (const { id, name } of groups) {
      this.#groupIds.set(name, id);
      this.#say("create", "group", name);
    }
    this.#state = { ...this.#state, groupIds: [...this.#state.groupIds, ...groups.map((g) => g.id)] };
    return groups;
  }

  #removeServices(): readonly string[] {
    const wanted = new Set(this.#spec.services.map((s) => s.name));
    const gone = this.#state.services.filter((s) => !wanted.has(s.name));
    for (const { name } of gone) this.#say("delete", "service", name);
    const ids = new Set(gone.map((s) => s.id));
    this.#state = {
      ...this.#state,
      services: this.#state.services.filter((s) => !ids.has(s.id)),
      variables: this.#state.variables.filter((v) => v.scope !== "service" || !ids.has(v.scopeId)),
    };
    return [...ids];
  }

  #removeGroups(): readonly string[] {
    const wanted = new Set(this.#spec.groups.map((g) => g.name));
    const gone = [...this.#before.groupNames].filter(([, name]) => !wanted.has(name));
    for (const [, name] of gone) this.#say("delete", "group", name);
    const ids = new Set(gone.map(([id]) => id));
    this.#state = {
      ...this.#state,
      groupIds: this.#state.groupIds.filter((id) => !ids.has(id)),
      services: this.#state.services.map((s) =>
        s.groupId !== null && ids.has(s.groupId) ? { ...s, groupId: null } : s,
      ),
      variables: this.#state.variables.filter((v) => v.scope !== "group" || !ids.has(v.scopeId)),
    };
    return [...ids];
  }

  #service(spec: ServiceSpec): ServiceState {
    const present = this.#state.services.find((s) => s.name === spec.name);
    const preset = spec.preset === null ? undefined : this.#presetOf(spec);
    if (present !== undefined) requireSameKind(spec, present);
    const groupId = this.#groupOf(spec);
    const next: ServiceState = {
      id: present?.id ?? this.#options.newId(),
      name: spec.name,
      kind: spec.kind,
      iconUrl: spec.iconUrl === "" ? null : (spec.iconUrl ?? preset?.iconUrl ?? null),
      isPrivate: spec.isPrivate,
      preset: spec.preset,
      groupId,
      settings: present?.settings ?? null,
      port: present?.port ?? null,
    };
    const presetKeys = preset?.envVars.map((v) => v.key) ?? [];
    const wished = spec.kind === "function" ? this.#functionWish(spec, next) : imageWish(spec, next, preset);
    const made = withoutGiven(wished.service, spec.env, (key) => !this.#options.prune || presetKeys.includes(key));
    this.#put(made, present);
    const fields = [...(present === undefined ? [] : changedFields(present, made)), ...wished.uploadFields];
    if (present === undefined) this.#say("create", "service", spec.name, wished.uploadFields);
    else if (fields.length > 0) this.#say("update", "service", spec.name, [...new Set(fields)]);
    if (wished.uploadFields.length > 0) this.#uploads.push(spec.name);
    const fromPreset =
      present === undefined ? Object.fromEntries((preset?.envVars ?? []).map((v) => [v.key, v.value])) : {};
    this.#keep("service", made.id, spec.name, { ...fromPreset, ...spec.env }, ".", presetKeys);
    return made;
  }

  #presetOf({ name, preset }: ServiceSpec): MaterializedPreset {
    try {
      return this.#options.preset(preset ?? "");
    } catch (cause) {
      if (!(cause instanceof AppError) || cause.code !== "not_found") throw cause;
      throw new AppError("invalid", `services.${name}.preset: there is no preset ${preset}.`, {
        cause,
        fields: { [`services.${name}.preset`]: [`there is no preset ${preset}`] },
        remedy: "`slipway service create --help` says how to list them.",
      });
    }
  }

  #groupOf({ name, group }: ServiceSpec): string | null {
    if (group === null) return null;
    const id = this.#groupIds.get(group);
    if (id !== undefined && this.#spec.groups.some((g) => g.name === group)) return id;
    throw invalidField(
      `services.${name}.group`,
      `the document has no group ${group}`,
      `Write it down: groups: {${group}: {}}.`,
    );
  }

  #functionWish(spec: ServiceSpec, service: ServiceState): Wish {
    const { manifest, sourceId } = spec;
    const model = this.#before.functions.get(service.id);
    if (manifest === null || sourceId === null) return { service, uploadFields: [] };
    const settings = this.#options.settingsOf({ ...manifest, name: spec.name });
    if (model === undefined) return { service, uploadFields: ["source"] };
    const uploadFields = uploadedDifferences(model, { sourceId, runtime: manifest.runtime, settings });
    // What is uploaded brings everything.
    if (uploadFields.length > 0 || service.settings === null) return { service, uploadFields };
    return { service: withPatch(service, patchOf(model, settings)), uploadFields };
  }

  #put(service: ServiceState, present: ServiceState | undefined): void {
    const { services } = this.#state;
    const next = present === undefined ? [...services, service] : services.map((s) => (s === present ? service : s));
    this.#state = { ...this.#state, services: next };
  }

  /** `always`: keys that stay whatever the document says. */
  #keep(
    scope: Variable["scope"],
    scopeId: string,
    owner: string,
    env: Readonly<Record<string, string>>,
    joint: string,
    always: readonly string[],
  ): void {
    const { newId, prune } = this.#options;
    const service = scope === "service" ? this.#state.services.find((s) => s.id === scopeId) : undefined;
    const given = service?.kind === "image" ? (service.settings?.givenEnv ?? {}) : {};
    const present = variablesOf(this.#state, scope, scopeId);
    let variables = this.#state.variables;
    const own = (v: Variable, key: string): boolean => v.scope === scope && v.scopeId === scopeId && v.key === key;
    for (const [key, value] of Object.entries(env)) {
      if ((given[key] ?? present[key]) === value) continue;
      const isThere = present[key] !== undefined;
      const made = { id: newId(), scope, scopeId, key, value };
      variables = isThere ? variables.map((v) => (own(v, key) ? { ...v, value } : v)) : [...variables, made];
      this.#say(isThere ? "update" : "create", "variable", `${owner}${joint}${key}`);
    }
    const gone = prune ? Object.keys(present).filter((key) => env[key] === undefined && !always.includes(key)) : [];
    for (const key of gone) {
      variables = variables.filter((v) => !own(v, key));
      this.#say("delete", "variable", `${owner}${joint}${key}`);
    }
    this.#state = { ...this.#state, variables };
  }

  #routes(services: readonly ServiceState[], removed: readonly string[]) {
    const addedRoutes: ServiceRoute[] = [];
    const removedRoutes: ServiceRoute[] = [];
    const present = this.#before.routes.filter((route) => !removed.includes(route.serviceId));
    for (const [i, { id: serviceId, name }] of services.entries()) {
      const wanted = this.#spec.services[i]?.routes ?? [];
      const own = present.filter((route) => route.serviceId === serviceId);
      if (this.#options.prune) removedRoutes.push(...own.filter(({ route }) => !wanted.includes(route)));
      const fresh = wanted.filter((route) => !own.some((one) => one.route === route));
      addedRoutes.push(...fresh.map((route) => ({ serviceId, route })));
      for (const { route } of removedRoutes.filter((one) => one.serviceId === serviceId))
        this.#say("delete", "route", `${name} ${route}`);
      for (const route of fresh) this.#say("create", "route", `${name} ${route}`);
    }
    return { addedRoutes, removedRoutes };
  }

  #say(
    action: PlannedChange["action"],
    what: PlannedChange["what"],
    name: string,
    fields: readonly string[] = [],
  ): void {
    this.#lines.push({ action, what, name, fields, redeploys: false });
  }

  /** Who is deployed anew has a line that says so, also when only variables of others, or of all, changed. */
  #changes(redeployed: readonly string[]): readonly PlannedChange[] {
    const deployed = this.#state.services.filter((s) => s.settings !== null && s.kind === "image").map((s) => s.name);
    const again = new Set([...redeployed, ...this.#uploads]);
    const told = new Set(this.#lines.filter((line) => line.what === "service").map((line) => line.name));
    const others = [...again].filter((name) => !told.has(name)).sort();
    return [
      ...this.#lines.map((line) => {
        if (line.what !== "service" || line.action === "delete") return line;
        return {
          ...line,
          redeploys: again.has(line.name) || (line.action === "create" && deployed.includes(line.name)),
        };
      }),
      ...others.map((name) => ({ action: "update", what: "service", name, fields: ["env"], redeploys: true }) as const),
    ];
  }
}
