/** Staged changes as a diff for people: + what comes, - what goes, ~ what changes. Values of variables are masked. */

import type { PendingChangeView, ServiceView } from "../api/views.ts";
import { MASK, signOf } from "./project-text.ts";
import type { Style } from "./style.ts";
import { shortId } from "./text-format.ts";

type Payload = PendingChangeView["payload"];

/** A line each, in the order they take effect. */
export function changeLines(
  changes: readonly PendingChangeView[],
  services: readonly ServiceView[],
  style: Style,
): string {
  const names = new Map(services.map(({ id, name }) => [id, name]));
  for (const { op, target_temp_id, payload } of changes)
    if (op === "service.create" && target_temp_id !== null) names.set(target_temp_id, text(payload.name));
  const width = Math.max(...changes.map((change) => shortId(change.id).length));
  return changes
    .map((change) => {
      const id = style.dim(shortId(change.id).padEnd(width));
      return `${signOf(actionOf(change), style)} ${id}  ${wordsOf(change, names)}\n`;
    })
    .join("");
}

function actionOf({ op }: PendingChangeView): "create" | "update" | "delete" {
  if (op.endsWith(".create")) return "create";
  return op.endsWith(".delete") ? "delete" : "update";
}

function wordsOf(change: PendingChangeView, names: ReadonlyMap<string, string>): string {
  const { op, payload, target_id } = change;
  switch (op) {
    case "project.update":
      return `project is called ${text(payload.name)}`;
    case "service.create":
      return `service ${text(payload.name)}  ${[payload.preset ?? payload.image ?? payload.kind, ...settingsWords(payload)].join(", ")}`;
    case "service.update":
      return `service ${names.get(target_id ?? "") ?? target_id}  ${updateWords(payload).join(", ")}`;
    case "service.delete":
      return `service ${names.get(target_id ?? "") ?? target_id}`;
    default:
      return `variable ${text(payload.key)} of ${ownerOf(change, names)}${op === "env_var.delete" ? "" : ` = ${MASK}`}`;
  }
}

function ownerOf(
  { payload, target_id, parent_temp_id, op }: PendingChangeView,
  names: ReadonlyMap<string, string>,
): string {
  const scope = text(payload.scope);
  if (scope !== "service") return `the ${scope}`;
  const id = op === "env_var.create" ? (target_id ?? parent_temp_id) : text(payload.scope_id);
  return `service ${names.get(id ?? "") ?? id}`;
}

/** Fields with what they become. */
function updateWords(payload: Payload): readonly string[] {
  const words = [
    ...(payload.name === undefined ? [] : [`is called ${text(payload.name)}`]),
    ...(payload.image === undefined ? [] : [`image ${text(payload.image)}`]),
    ...settingsWords(payload),
    ...(payload.private === undefined ? [] : [payload.private === true ? "private" : "public"]),
    ...(payload.icon_url === undefined ? [] : ["icon"]),
    ...(payload.reparented === true ? ["moves into another group"] : []),
  ];
  return words.length === 0 ? ["nothing"] : words;
}

function settingsWords({ ports, replicas, resources, command, health, volumes, restart }: Payload): readonly string[] {
  const isFilled = (list: unknown): boolean => Array.isArray(list) && list.length > 0;
  return [
    ...(typeof replicas === "number" && replicas !== 1
      ? [`${replicas} replicas`]
      : replicas === 1
        ? ["1 replica"]
        : []),
    ...(isFilled(ports)
      ? [`ports ${(ports as readonly { container_port: number }[]).map((p) => p.container_port).join(" ")}`]
      : []),
    ...(isFilled(command) ? [`command ${(command as readonly string[]).join(" ")}`] : []),
    ...(isFilled(volumes)
      ? [`volumes ${(volumes as readonly { target: string }[]).map((v) => v.target).join(" ")}`]
      : []),
    ...(resources === undefined ? [] : ["resources"]),
    ...(health === undefined || health === null ? [] : [`health ${text((health as { path?: unknown }).path)}`]),
    ...(restart === undefined ? [] : [`restart ${text(restart)}`]),
  ];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}
