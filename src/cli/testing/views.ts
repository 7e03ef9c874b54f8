/** Views of the API with everything filled in, for the tests; a test names only what matters to it. */

import type { DeploymentView, FunctionView, RuntimeView } from "../api-views.ts";

/** The tests' "now": five minutes after everything was made. */
export const NOW = Date.parse("2026-01-02T03:09:05Z");
const MADE = "2026-01-02T03:04:05Z";
export const DEPLOYMENT_ID = "1f0c2a9e-0000-4000-8000-000000000001";

export function deploymentView(fields: Partial<DeploymentView>): DeploymentView {
  return {
    id: DEPLOYMENT_ID,
    function: "hello",
    status: "healthy",
    image: "slipway/default/hello:0123456789ab",
    runtime: "node",
    failure_reason: null,
    exit_code: null,
    log_tail: null,
    attempt_count: 0,
    build: { id: "b1", status: "succeeded", was_cached: false, error: null },
    active: true,
    created_at: MADE,
    healthy_at: null,
    ...fields,
  };
}

export function functionView(fields: Partial<FunctionView>): FunctionView {
  const name = fields.name ?? "hello";
  return {
    id: "f1",
    name,
    project: "default",
    kind: "function",
    status: "running",
    url: `http://${name}.localhost:8080/`,
    urls: [`http://${name}.localhost:8080/`],
    runtime: "node",
    port: 3000,
    replicas: 1,
    scale: 1,
    saved_scale: 1,
    active_deployment_id: DEPLOYMENT_ID,
    latest_deployment: deploymentView({ function: name }),
    error: null,
    created_at: MADE,
    updated_at: MADE,
    instances: [
      {
        id: "i1",
        name: `slipway-default-${name}-0-1f0c2a9e`,
        current: true,
        healthy: true,
        state: "ready",
        started_at: MADE,
        restart_count: 0,
        last_exit_code: null,
        last_log_tail: null,
        deployment_id: DEPLOYMENT_ID,
      },
    ],
    images: [{ id: "sha256:1", tags: [`slipway/default/${name}:0123456789ab`], created_at: MADE }],
    ...fields,
  };
}

export const RUNTIMES: readonly RuntimeView[] = [
  { name: "node", description: "Node.js functions", origin: "builtin", protocol: "message", default_port: 8080 },
  { name: "deno", description: "Uploaded Dockerfile", origin: "uploaded", protocol: "http", default_port: 8080 },
];
