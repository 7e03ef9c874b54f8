/** Projects, variables and staged changes as the API shows them. */

import type { ApplyResultView, DeploymentView, EnvVarView, PendingChangeView, ProjectView } from "../api/views.ts";
import type { EnvVar } from "../domain/env-var.ts";
import { type PendingChange, type ServiceDraft, type ServicePatch, TARGET_TYPES } from "../domain/pending-change.ts";
import type { Project } from "../domain/project.ts";
import type { ApplyResult } from "../domain/project-operations.ts";
import { settingsView } from "./wire-settings.ts";

export function projectView({ id, name, slug, createdAt, updatedAt }: Project): ProjectView {
  return { id, name, slug, created_at: time(createdAt), updated_at: time(updatedAt) };
}

export function envVarView({ id, scope, scopeId, key, value, createdAt, updatedAt }: EnvVar): EnvVarView {
  return { id, scope, scope_id: scopeId, key, value, created_at: time(createdAt), updated_at: time(updatedAt) };
}

export function pendingChangeView(change: PendingChange): PendingChangeView {
  const { id, projectId, seq, op, userId, createdAt } = change;
  return {
    id,
    project_id: projectId,
    seq,
    op,
    target_type: TARGET_TYPES[op],
    target_id: targetIdOf(change),
    target_temp_id: change.op === "service.create" ? change.targetTempId : null,
    parent_temp_id: change.op === "env_var.create" ? change.parentTempId : null,
    payload: payloadView(change),
    user_id: userId,
    created_at: time(createdAt),
  };
}

function targetIdOf(change: PendingChange): string | null {
  if (change.op === "project.update") return change.projectId;
  return change.op === "service.create" ? null : change.targetId;
}

function payloadView(change: PendingChange): Record<string, unknown> {
  switch (change.op) {
    case "service.create":
      return draftView(change.payload);
    case "service.update":
      return patchView(change.payload);
    case "service.delete":
      return {};
    case "project.update":
    case "env_var.create":
      return { ...change.payload };
    case "env_var.update":
    case "env_var.delete": {
      const { scopeId, oldValue, ...rest } = change.payload;
      return { ...rest, scope_id: scopeId, old_value: oldValue };
    }
  }
}

function draftView({ name, kind, iconUrl, isPrivate, preset, settings, envVars }: ServiceDraft) {
  return {
    ...{ name, kind, icon_url: iconUrl, private: isPrivate, preset },
    ...settingsView(settings),
    env_vars: envVars.map(({ key, value }) => ({ key, value })),
  };
}

function patchView({ name, iconUrl, isPrivate, settings, reparented, previousParentId }: ServicePatch) {
  return {
    ...(name !== undefined && { name }),
    ...(iconUrl !== undefined && { icon_url: iconUrl }),
    ...(isPrivate !== undefined && { private: isPrivate }),
    ...(settings && settingsView(settings)),
    ...(reparented && { reparented }),
    ...(previousParentId !== undefined && { previous_parent_id: previousParentId }),
  };
}

/** @param deployments those it made, as they are shown */
export function applyResultView(result: ApplyResult, deployments: readonly DeploymentView[]): ApplyResultView {
  return {
    applied_count: result.appliedCount,
    temp_id_to_service_id: { ...result.tempIdToServiceId },
    redeployed_service_ids: [...result.redeployedServiceIds],
    created_deployments: [...deployments],
  };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
