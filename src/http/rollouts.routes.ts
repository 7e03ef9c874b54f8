/** `/api/functions/:name/deploy` and `/scale` (design 8.2): what is built already, rolled out; and how many of it run. */

import { z } from "zod";
import type { Service } from "../domain/service.ts";
import { type App, addRoute } from "./app.ts";
import { namedFunction } from "./deployments.routes.ts";
import { functionFinder } from "./function-finder.ts";
import type { FunctionRoutesOptions } from "./function-routes-options.ts";
import { deploymentView } from "./function-view.ts";
import { requireGoodOutcome } from "./good-outcome.ts";
import { untilClosed } from "./log-stream.ts";
import { flag, nameParams, projectQuery } from "./schemas.ts";
import { deployAnswerSchema, type FunctionView, scaleAnswerSchema } from "./view-schemas.ts";

/** Most instances of one function. */
const MAX_REPLICAS = 50;
const ALL_CURRENT = "All instances are up to date";

const waitQuery = projectQuery.extend({ wait: flag });
const scaleBody = z.strictObject({
  replicas: z.int().min(0).max(MAX_REPLICAS).describe("0 stops it; the scale before comes back with a start"),
});

export function rolloutRoutes(
  app: App,
  options: FunctionRoutesOptions,
  viewOf: (service: Service) => Promise<FunctionView>,
): void {
  addDeploy(app, options, viewOf);
  addScale(app, options, viewOf);
}

function addDeploy(
  app: App,
  options: FunctionRoutesOptions,
  viewOf: (service: Service) => Promise<FunctionView>,
): void {
  const { stores, lifecycle, uploads } = options;
  addRoute(app, {
    method: "POST",
    url: "/api/functions/:name/deploy",
    permission: "member",
    schema: {
      tags: ["functions"],
      summary: "Roll out what was built only, or replace instances that are out of date; no request lost",
      params: nameParams,
      querystring: waitQuery,
      answers: {
        200: deployAnswerSchema.describe("All instances are up to date; or, with wait, it serves"),
        202: deployAnswerSchema.describe("Its instances come up"),
      },
    },
    handler: async (request, reply) => {
      const { wait } = request.query as z.output<typeof waitQuery>;
      const found = await namedFunction(functionFinder(stores), request);
      const { deployment, isUnchanged } = await lifecycle.deploy(found);
      const isAwaited = wait && !isUnchanged;
      const outcome = isAwaited ? await uploads.waitForOutcome(deployment.id, untilClosed(request, reply)) : deployment;
      if (isAwaited) requireGoodOutcome(outcome);
      const service = await stores.services.get(found.id);
      const build = outcome.buildId === null ? undefined : await stores.builds.get(outcome.buildId);
      return reply.status(wait || isUnchanged ? 200 : 202).send({
        function: await viewOf(service),
        deployment: deploymentView(outcome, service, build),
        detected: null,
        unchanged: isUnchanged,
        warnings: [],
        ...(isUnchanged && { message: ALL_CURRENT }),
      });
    },
  });
}

function addScale(app: App, options: FunctionRoutesOptions, viewOf: (service: Service) => Promise<FunctionView>): void {
  const { stores, lifecycle } = options;
  addRoute(app, {
    method: "POST",
    url: "/api/functions/:name/scale",
    permission: "member",
    schema: {
      tags: ["functions"],
      summary: "Run so many instances from now on, no request lost",
      params: nameParams,
      querystring: waitQuery,
      body: scaleBody,
      answers: {
        200: scaleAnswerSchema.describe("It was at that scale already; or, with wait, so many are ready"),
        202: scaleAnswerSchema.describe("Instances come up or go"),
      },
    },
    handler: async (request, reply) => {
      const { wait } = request.query as z.output<typeof waitQuery>;
      const { replicas } = request.body as z.output<typeof scaleBody>;
      const { id } = await namedFunction(functionFinder(stores), request);
      const { isUnchanged } = await lifecycle.scale(await stores.services.get(id), replicas);
      if (wait) await lifecycle.waitForScale(id, untilClosed(request, reply));
      return reply
        .status(wait || isUnchanged ? 200 : 202)
        .send({ function: await viewOf(await stores.services.get(id)), unchanged: isUnchanged });
    },
  });
}
