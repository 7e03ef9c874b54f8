/** `/api/projects/:p/services/:s/deployments` (reference 1.5): what was rolled out, its log, cancelling. */

import { z } from "zod";
import { idText } from "../api/wire.ts";
import { requireEnvKey, requireEnvValue } from "../domain/env-var.ts";
import type { DeploymentRequest } from "../domain/project-operations.ts";
import { type App, addRoute } from "./app.ts";
import { buildLogText, sendText, untilClosed } from "./log-stream.ts";
import { deploymentOf, findService } from "./project-finder.ts";
import type { ProjectRoutesOptions } from "./project-routes-options.ts";
import { envelope, flag, pageOf } from "./schemas.ts";
import { serve } from "./serve.ts";
import { requireImageKind } from "./service-drafts.ts";
import { serviceViewer } from "./service-views.ts";
import { settingsFrom } from "./wire-settings.ts";

export function serviceDeploymentRoutes(app: App, options: ProjectRoutesOptions): void {
  const { stores, edits, uploads } = options;
  const view = serviceViewer(options);

  serve(app, "POST /api/projects/:p/services/:s/deployments", "member", async ({ params, body }) => {
    const { service } = await findService(stores, params);
    const { env_vars: env, ...settings } = body ?? {};
    if (settings.image !== undefined) requireImageKind(service.kind, service.name);
    for (const [key, value] of Object.entries(env ?? {})) {
      requireEnvKey(key, `env_vars.${key.slice(0, 80)}`);
      requireEnvValue(value, `env_vars.${key}`);
    }
    const request: DeploymentRequest = { ...settingsFrom(settings), ...(env && { env }) };
    return view.deployment(await edits.deploy(service, request), service);
  });
  serve(app, "GET /api/projects/:p/services/:s/deployments", "member", async ({ params, query }) => {
    const { service } = await findService(stores, params);
    const page = pageOf(query);
    const filter = { serviceId: service.id };
    const found = await stores.deployments.list({ ...filter, ...page });
    const views = await Promise.all(found.map((deployment) => view.deployment(deployment, service)));
    return envelope(views, await stores.deployments.count(filter), page);
  });
  serve(app, "GET /api/projects/:p/services/:s/deployments/:d", "member", async ({ params }) => {
    const { service } = await findService(stores, params);
    return view.deployment(await deploymentOf(stores.deployments, service, params.d), service);
  });
  serve(app, "POST /api/projects/:p/services/:s/deployments/:d/cancel", "member", async ({ params }) => {
    const { service } = await findService(stores, params);
    const { id } = await deploymentOf(stores.deployments, service, params.d);
    return view.deployment(await uploads.cancel(id), service);
  });
  addLog(app, options);
}

const logParams = z.object({ p: idText, s: idText, d: idText });
const logQuery = z.object({ follow: flag });

function addLog(app: App, { stores, buildLogs }: ProjectRoutesOptions): void {
  addRoute(app, {
    method: "GET",
    url: "/api/projects/:p/services/:s/deployments/:d/log",
    permission: "member",
    schema: {
      tags: ["deployments"],
      summary: "The log of its build as text; follow=1 streams it while it grows",
      params: logParams,
      querystring: logQuery,
      answers: { 200: { contentType: "text/plain", description: "The log; empty where nothing is built" } },
    },
    handler: async (request, reply) => {
      const params = request.params as z.output<typeof logParams>;
      const { follow } = request.query as z.output<typeof logQuery>;
      const { service } = await findService(stores, params);
      const { buildId } = await deploymentOf(stores.deployments, service, params.d);
      const build = buildId === null ? undefined : await stores.builds.get(buildId);
      return sendText(request, reply, buildLogText(buildLogs, build, follow, untilClosed(request, reply)), { follow });
    },
  });
}
