/** What an edit may ask for, whichever door it came in by. Pure. */

import { requireEnvKey, requireEnvValue } from "./env-var.ts";
import { AppError, invalidField } from "./errors.ts";
import { requireServiceName } from "./names.ts";
import type { ChangeBody, ServiceDraft, ServicePatch } from "./pending-change.ts";
import { checkedIconUrl, checkedSettings, type SettingsRules } from "./service-settings-rules.ts";

export type ChangeRules = SettingsRules & {
  /** Names that no service can have. */
  readonly reservedNames: readonly string[];
};

/** Longest name of a project in characters. */
const MAX_PROJECT_NAME = 100;

/** The change in the form it is kept. @throws AppError `invalid` naming the field */
export function checkedChange(change: ChangeBody, rules: ChangeRules): ChangeBody {
  switch (change.op) {
    case "project.update":
      return { ...change, payload: { name: checkedProjectName(change.payload.name) } };
    case "service.create":
      return { ...change, payload: checkedDraft(change.payload, rules) };
    case "service.update":
      return { ...change, payload: checkedPatch(change.payload, rules) };
    case "env_var.create":
      requireEnvKey(change.payload.key);
      requireEnvValue(change.payload.value);
      return change;
    case "env_var.update":
      requireEnvValue(change.payload.value);
      return change;
    default:
      return change;
  }
}

/** Without space around it. @throws AppError `invalid` */
export function checkedProjectName(name: string): string {
  const trimmed = name.trim();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (trimmed !== "" && trimmed.length <= MAX_PROJECT_NAME && !/[\0-\x1f\x7f]/.test(trimmed)) return trimmed;
  throw invalidField("name", `must have 1 to ${MAX_PROJECT_NAME} characters, on one line`, "Use a name such as Shop.");
}

/** @throws AppError `invalid` */
export function checkedDraft(draft: ServiceDraft, rules: ChangeRules): ServiceDraft {
  requireServiceName(draft.name, rules.reservedNames);
  const twice = draft.envVars.find(({ key }, i) => draft.envVars.findIndex((other) => other.key === key) !== i);
  if (twice !== undefined) throw invalidField("env_vars", `${twice.key} is named twice`);
  for (const [i, { key, value }] of draft.envVars.entries()) {
    requireEnvKey(key, `env_vars[${i}].key`);
    requireEnvValue(value, `env_vars[${i}].value`);
  }
  if (draft.kind === "function" && Object.keys(draft.settings).length > 0)
    throw new AppError("invalid", "kind: a function is built from its source, and set up by its manifest.", {
      fields: { kind: ["takes no image and no settings"] },
      remedy: "Deploy it with POST /api/functions or `slipway deploy`; edit its settings once it is there.",
    });
  return {
    ...draft,
    iconUrl: draft.iconUrl === null ? null : checkedIconUrl(draft.iconUrl),
    settings: checkedSettings(draft.settings, rules),
  };
}

function checkedPatch(patch: ServicePatch, rules: ChangeRules): ServicePatch {
  if (patch.name !== undefined) requireServiceName(patch.name, rules.reservedNames);
  return {
    ...patch,
    ...(patch.iconUrl != null && { iconUrl: checkedIconUrl(patch.iconUrl) }),
    ...(patch.settings !== undefined && { settings: checkedSettings(patch.settings, rules) }),
  };
}
