/**
 * What servers and clients agree on: one entry per call. Routes are made from it (src/http/serve.ts) and so is the
 * document; clients take its types only and load none of the schemas (client.ts).
 */

import { deploymentEndpoints } from "./deployments.ts";
import { envVarEndpoints } from "./env-vars.ts";
import { pendingChangeEndpoints } from "./pending-changes.ts";
import { presetEndpoints } from "./presets.ts";
import { projectSpecEndpoints } from "./project-specs.ts";
import { projectEndpoints } from "./projects.ts";
import { serviceEndpoints } from "./services.ts";

export const CONTRACT = {
  ...projectEndpoints,
  ...projectSpecEndpoints,
  ...serviceEndpoints,
  ...deploymentEndpoints,
  ...envVarEndpoints,
  ...pendingChangeEndpoints,
  ...presetEndpoints,
};

export type Contract = typeof CONTRACT;
/** `POST /api/projects` and so on. */
export type Call = keyof Contract;
