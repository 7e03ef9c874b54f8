/** Variables of a project, a group or a service: whose they are, and staging what they shall be. */

import { Option } from "commander";
import type { EnvVarView, PendingChangeView } from "../api/views.ts";
import { AppError, isAppError } from "../domain/errors.ts";
import { nearest } from "../lib/nearest.ts";
import { UsageError } from "./exit-codes.ts";
import type { ProjectScope } from "./project-scope.ts";

export type ScopeOptions = { readonly service?: string; readonly group?: string; readonly project?: string };

export type EnvScope = {
  readonly scope: "project" | "group" | "service";
  /** Id of what keeps them; of a service that is only staged its temporary id. */
  readonly id: string;
  /** `service web`, for people. */
  readonly words: string;
  readonly isStaged: boolean;
};

export function serviceOption(): Option {
  return new Option("-s, --service <service>", "those that one service keeps");
}

export function groupOption(): Option {
  return new Option("-g, --group <group>", "those of a group on the canvas");
}

/** @throws UsageError, AppError `not_found` with the nearest name */
export async function findEnvScope(scope: ProjectScope, { service, group }: ScopeOptions): Promise<EnvScope> {
  if (service !== undefined && group !== undefined) throw new UsageError("Name a service or a group, not both.");
  if (service !== undefined) return serviceScope(scope, service);
  if (group !== undefined) return groupScope(scope, group);
  return { scope: "project", id: scope.project.id, words: `project ${scope.p}`, isStaged: false };
}

async function serviceScope(scope: ProjectScope, name: string): Promise<EnvScope> {
  const { client, p } = scope;
  try {
    const { id } = await client.calls.ask("GET /api/projects/:p/services/:s", { params: { p, s: name } });
    return { scope: "service", id, words: `service ${name}`, isStaged: false };
  } catch (error) {
    if (!isAppError(error, "not_found")) throw error;
    const staged = (await stagedOf(scope)).find((c) => c.op === "service.create" && c.payload.name === name);
    if (staged?.target_temp_id == null) throw error;
    return { scope: "service", id: staged.target_temp_id, words: `service ${name}`, isStaged: true };
  }
}

async function groupScope({ client, p }: ProjectScope, typed: string): Promise<EnvScope> {
  const { data } = await client.calls.ask("GET /api/projects/:p/groups", { params: { p } });
  const found = data.find(({ id, name }) => name === typed || id === typed);
  if (found !== undefined) return { scope: "group", id: found.id, words: `group ${found.name}`, isStaged: false };
  const names = data.map(({ name }) => name);
  const near = nearest(typed, names);
  throw new AppError("not_found", `There is no group ${typed} in project ${p}.`, {
    remedy: near === undefined ? `There are: ${names.join(", ") || "none"}.` : `Did you mean ${near}?`,
  });
}

/** By key. Of a service that is only staged there are none yet. */
export async function variablesOf({ client, p }: ProjectScope, of: EnvScope): Promise<readonly EnvVarView[]> {
  if (of.isStaged) return [];
  const { calls } = client;
  if (of.scope === "group")
    return (await calls.ask("GET /api/projects/:p/groups/:g/env-vars", { params: { p, g: of.id } })).data;
  if (of.scope === "service")
    return (await calls.ask("GET /api/projects/:p/services/:s/env-vars", { params: { p, s: of.id } })).data;
  return (await calls.ask("GET /api/projects/:p/env-vars", { params: { p } })).data;
}

export async function stagedOf({ client, p }: ProjectScope): Promise<readonly PendingChangeView[]> {
  return (await client.calls.ask("GET /api/projects/:p/pending-changes", { params: { p } })).data;
}

export type Outcome = "added" | "changed" | "removed" | "unchanged";

/** Stages values and removals for one scope, each seen together with what is staged for it already. */
export class EnvStaging {
  readonly #scope: ProjectScope;
  readonly #of: EnvScope;
  readonly #variables: readonly EnvVarView[];
  #staged: readonly PendingChangeView[];

  private constructor(
    scope: ProjectScope,
    of: EnvScope,
    variables: readonly EnvVarView[],
    staged: readonly PendingChangeView[],
  ) {
    this.#scope = scope;
    this.#of = of;
    this.#variables = variables;
    this.#staged = staged;
  }

  static async open(scope: ProjectScope, of: EnvScope): Promise<EnvStaging> {
    return new EnvStaging(scope, of, await variablesOf(scope, of), await stagedOf(scope));
  }

  async set(key: string, value: string): Promise<Outcome> {
    const present = this.#variables.find((variable) => variable.key === key);
    const staged = this.#stagedFor(key);
    const wanted = lastValue(staged, present?.value);
    if (wanted === value) return "unchanged";
    // An addition or removal that is taken back leaves what was there before.
    for (const change of staged.filter((c) => c.op !== "env_var.update")) await this.#takeBack(change);
    if (present === undefined) {
      await this.#stage({ op: "env_var.create", ...this.#target(), payload: { scope: this.#of.scope, key, value } });
      return "added";
    }
    if (present.value === value && staged.every((c) => c.op !== "env_var.update")) return "changed";
    await this.#stage({ op: "env_var.update", target_id: present.id, payload: { value } });
    return "changed";
  }

  /** `unchanged`: it was not there. */
  async unset(key: string): Promise<Outcome> {
    const present = this.#variables.find((variable) => variable.key === key);
    const staged = this.#stagedFor(key);
    if (staged.some((c) => c.op === "env_var.delete")) return "unchanged";
    for (const change of staged) await this.#takeBack(change);
    if (present === undefined) return staged.length > 0 ? "removed" : "unchanged";
    await this.#stage({ op: "env_var.delete", target_id: present.id });
    return "removed";
  }

  #target() {
    return this.#of.isStaged ? { parent_temp_id: this.#of.id } : { target_id: this.#of.id };
  }

  #stagedFor(key: string): readonly PendingChangeView[] {
    const ids = this.#variables.filter((variable) => variable.key === key).map((variable) => variable.id);
    return this.#staged.filter(({ op, payload, target_id, parent_temp_id }) => {
      if (op === "env_var.create") return payload.key === key && (target_id ?? parent_temp_id) === this.#of.id;
      return (op === "env_var.update" || op === "env_var.delete") && ids.includes(target_id ?? "");
    });
  }

  async #stage(body: Parameters<typeof stage>[1]): Promise<void> {
    this.#staged = [...this.#staged, await stage(this.#scope, body)];
  }

  async #takeBack({ id }: PendingChangeView): Promise<void> {
    const { client, p } = this.#scope;
    await client.calls.ask("DELETE /api/projects/:p/pending-changes/:changeId", { params: { p, changeId: id } });
    this.#staged = this.#staged.filter((change) => change.id !== id);
  }
}

/** What it will be once all is applied; undefined: it will not be there. */
function lastValue(staged: readonly PendingChangeView[], present: string | undefined): string | undefined {
  return staged.reduce<string | undefined>((value, { op, payload }) => {
    if (op === "env_var.delete") return undefined;
    return typeof payload.value === "string" ? payload.value : value;
  }, present);
}

type VariableChange =
  | {
      readonly op: "env_var.create";
      readonly target_id?: string;
      readonly parent_temp_id?: string;
      readonly payload: { readonly scope: EnvScope["scope"]; readonly key: string; readonly value: string };
    }
  | { readonly op: "env_var.update"; readonly target_id: string; readonly payload: { readonly value: string } }
  | { readonly op: "env_var.delete"; readonly target_id: string };

function stage({ client, p }: ProjectScope, body: VariableChange): Promise<PendingChangeView> {
  return client.calls.ask("POST /api/projects/:p/pending-changes", { params: { p }, body });
}
