/** Reads everything about one service. */

import type { ProjectScope } from "./project-scope.ts";
import type { ServiceFacts } from "./service-text.ts";

export async function readServiceFacts({ client, p }: ProjectScope, s: string): Promise<ServiceFacts> {
  const params = { p, s };
  const service = await client.calls.ask("GET /api/projects/:p/services/:s", { params });
  const query = { limit: 1 };
  const deployments = await client.calls.ask("GET /api/projects/:p/services/:s/deployments", { params, query });
  const containers = await client.calls.all("GET /api/projects/:p/services/:s/containers", { params });
  const { data: routes } = await client.calls.ask("GET /api/projects/:p/services/:s/routes", { params });
  return { service, deployment: deployments.data[0] ?? null, containers, routes };
}
