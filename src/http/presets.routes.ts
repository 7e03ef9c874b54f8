/** `/api/presets/databases` (reference 1.5): a bare array, and one with its secrets made. */

import type { MaterializedPreset, Preset, PresetCatalog } from "../domain/preset.ts";
import type { App } from "./app.ts";
import { serve } from "./serve.ts";

export function presetRoutes(
  app: App,
  { presets }: { readonly presets: Pick<PresetCatalog, "list" | "materialize"> },
): void {
  serve(app, "GET /api/presets/databases", "member", async () =>
    presets.list().map((preset) => ({ ...commonView(preset), env_vars: [...preset.envVars] })),
  );
  serve(app, "GET /api/presets/databases/:id", "member", async ({ params, reply }) => {
    const preset = presets.materialize(params.id);
    reply.header("cache-control", "no-store");
    return { ...commonView(preset), env_vars: [...preset.envVars] };
  });
}

function commonView({ id, name, image, iconUrl, ports }: Preset | MaterializedPreset) {
  return {
    ...{ id, name, image, icon_url: iconUrl },
    ports: ports.map(({ containerPort, protocol }) => ({ container_port: containerPort, protocol })),
  };
}
