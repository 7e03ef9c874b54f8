/** Which services will be deployed when what is staged is applied, as far as a client can tell. Pure. */

import type { PendingChangeView, ServiceView } from "../api/views.ts";

const RUN_FIELDS = ["name", "image", "ports", "replicas", "resources", "command", "health", "volumes", "restart"];

/**
 * Names, sorted. A variable of a project or a group may concern every service, and a name that others refer to those:
 * `all that …` stands for them, because only the server knows whose environment really changes.
 */
export function stagedDeploys(
  changes: readonly PendingChangeView[],
  services: readonly ServiceView[],
): readonly string[] {
  const names = new Map(services.map(({ id, name }) => [id, name]));
  const deleted = new Set(changes.filter((c) => c.op === "service.delete").map((c) => c.target_id));
  const found = new Set<string>();
  const shared = new Set<string>();
  for (const { op, payload, target_id, target_temp_id, parent_temp_id } of changes) {
    const owner = String(payload.scope_id ?? target_id ?? parent_temp_id ?? "");
    if (op === "service.create") {
      names.set(target_temp_id ?? "", String(payload.name));
      if (payload.image !== undefined || payload.preset != null) found.add(target_temp_id ?? "");
    } else if (op === "service.update") {
      if (RUN_FIELDS.some((field) => field in payload)) found.add(target_id ?? "");
      if (payload.reparented === true) found.add(target_id ?? "");
      if ("name" in payload) shared.add("all that refer to what is renamed");
    } else if (op.startsWith("env_var.")) {
      if (payload.scope === "service") found.add(owner);
      else shared.add(`all that the variables of the ${String(payload.scope)} concern`);
    }
  }
  const own = [...found].filter((id) => !deleted.has(id)).flatMap((id) => names.get(id) ?? []);
  return [...own.sort(), ...[...shared].sort()];
}
