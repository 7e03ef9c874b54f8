/** Services as bodies describe them: what is to be created, and what is to change. */

import type { ServiceCreateWish, ServiceUpdateWish } from "../api/service-bodies.ts";
import { AppError, invalidField } from "../domain/errors.ts";
import type { GivenVariable, ServiceDraft, ServicePatch, SettingsPatch } from "../domain/pending-change.ts";
import type { PresetCatalog } from "../domain/preset.ts";
import type { Service } from "../domain/service.ts";
import { nearest } from "../lib/nearest.ts";
import { settingsFrom } from "./wire-settings.ts";

/**
 * The draft of a service. What a preset gives lies under what the body gives; its secrets are made now, so that the draft
 * can be applied later as it is.
 * @throws AppError `invalid` (preset), `unprocessable` (its image can't be had here)
 */
export async function draftOf(wish: ServiceCreateWish, presets: PresetCatalog): Promise<ServiceDraft> {
  const { preset: presetId, kind } = wish;
  const preset = presetId === undefined ? undefined : await materialized(presetId, wish.image, presets);
  if (preset !== undefined && kind === "function") throw invalidField("kind", "a preset is an image, not a function");
  const given = variablesOf(wish.env_vars);
  const keys = new Set(given.map(({ key }) => key));
  const fromPreset: SettingsPatch =
    preset === undefined
      ? {}
      : { image: preset.image, ports: preset.ports, volumes: preset.volumes, command: preset.command };
  return {
    name: wish.name,
    kind,
    iconUrl: iconOf(wish.icon_url === undefined ? (preset?.iconUrl ?? null) : wish.icon_url),
    isPrivate: wish.private ?? kind === "image",
    preset: preset?.id ?? null,
    settings: { ...fromPreset, ...settingsFrom(wish) },
    envVars: [...(preset?.envVars ?? []).filter(({ key }) => !keys.has(key)), ...given],
  };
}

/** @param image another one than the preset's own, which need not be there then */
async function materialized(id: string, image: string | null | undefined, presets: PresetCatalog) {
  if (presets.find(id) === undefined) {
    const ids = presets.list().map((preset) => preset.id);
    const near = nearest(id, ids);
    const remedy = near === undefined ? `There are ${ids.join(", ")}.` : `Did you mean ${near}?`;
    throw invalidField("preset", `there is no preset ${JSON.stringify(id.slice(0, 80))}`, remedy);
  }
  if (image == null || image === presets.find(id)?.image) await presets.requireAvailable(id);
  return presets.materialize(id);
}

function variablesOf(given: ServiceCreateWish["env_vars"]): readonly GivenVariable[] {
  if (given === undefined) return [];
  return Array.isArray(given) ? given : Object.entries(given).map(([key, value]) => ({ key, value }));
}

/** @throws AppError `invalid` when nothing is to change, and for the image of a function */
export function patchOf(wish: ServiceUpdateWish, { kind, name: called }: Pick<Service, "kind" | "name">): ServicePatch {
  if (Object.values(wish).every((value) => value === undefined))
    throw invalidField("body", "names nothing to change", "Give at least one field, such as name or image.");
  if (wish.image !== undefined) requireImageKind(kind, called);
  const { name, icon_url, private: isPrivate } = wish;
  const settings = settingsFrom(wish);
  return {
    ...(name !== undefined && { name }),
    ...(icon_url !== undefined && { iconUrl: iconOf(icon_url) }),
    ...(isPrivate !== undefined && { isPrivate }),
    ...(Object.keys(settings).length > 0 && { settings }),
  };
}

/** @throws AppError `invalid` for a function, whose image nobody chooses */
export function requireImageKind(kind: Service["kind"], name: string): void {
  if (kind === "image") return;
  throw new AppError("invalid", `${name} is a function: its image is made from its source.`, {
    remedy: "Deploy new source with POST /api/functions or `slipway deploy`.",
  });
}

function iconOf(url: string | null): string | null {
  return url === "" ? null : url;
}
