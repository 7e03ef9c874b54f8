/** What a manifest asks for that is kept and has no effect in this version: nobody should wait for it. Pure. */

import type { Manifest } from "./manifest.ts";

/** One for each field, for people. A value that asks for nothing (0, an empty list) needs no warning. */
export function effectlessFields(manifest: Manifest): readonly string[] {
  const { schema, services, schedule, scale } = manifest;
  const most = scale?.max ?? 0;
  const asked: readonly (readonly [string, boolean])[] = [
    ["schema", schema?.in !== undefined || schema?.out !== undefined],
    ["services", (services ?? []).length > 0],
    ["schedule", (schedule ?? []).length > 0],
    ["scale.max", most > (scale?.min ?? manifest.replicas ?? 1)],
    ["scale.concurrency", (scale?.concurrency ?? 0) > 0],
    ["scale.freezeAfterMs", (scale?.freezeAfterMs ?? 0) > 0],
    ["scale.stopAfterMs", (scale?.stopAfterMs ?? 0) > 0],
  ];
  return asked.flatMap(([field, isAsked]) =>
    isAsked ? [`${field} is kept with the deployment and has no effect in this version`] : [],
  );
}
