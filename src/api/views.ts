/** What the API answers with, as types. */

import type { z } from "zod";
import type { buildSchema, deploymentSchema } from "./deployments.ts";
import type { envVarSchema } from "./env-vars.ts";
import type { applyResultSchema, pendingChangeSchema } from "./pending-changes.ts";
import type { specAnswerSchema } from "./project-specs.ts";
import type { projectSchema } from "./projects.ts";
import type { containerSchema, routeSchema, serviceSchema } from "./services.ts";

export type BuildView = z.output<typeof buildSchema>;
export type DeploymentView = z.output<typeof deploymentSchema>;
export type SpecAnswerView = z.output<typeof specAnswerSchema>;
export type ProjectView = z.output<typeof projectSchema>;
export type ServiceView = z.output<typeof serviceSchema>;
export type ContainerView = z.output<typeof containerSchema>;
export type RouteView = z.output<typeof routeSchema>;
export type EnvVarView = z.output<typeof envVarSchema>;
export type PendingChangeView = z.output<typeof pendingChangeSchema>;
export type ApplyResultView = z.output<typeof applyResultSchema>;
