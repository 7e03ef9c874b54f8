/** `POST /api/functions`: a form with a manifest and a source, or JSON with the code in it, becomes a deployment. */

import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { AppError } from "../domain/errors.ts";
import type { Manifest } from "../domain/manifest.ts";
import type { DeployAnswer } from "../domain/operations.ts";
import type { Service } from "../domain/service.ts";
import { fileField } from "./api-document.ts";
import { withCodeBody } from "./code-body.ts";
import { functionFinder } from "./function-finder.ts";
import type { FunctionRoutesOptions } from "./function-routes-options.ts";
import { deploymentView } from "./function-view.ts";
import { requireGoodOutcome } from "./good-outcome.ts";
import { untilClosed } from "./log-stream.ts";
import { flag, projectQuery } from "./schemas.ts";
import { withUploadForm } from "./upload-form.ts";

export const deployQuery = projectQuery.extend({
  wait: flag,
  no_cache: flag,
  deploy: z
    .string()
    .optional()
    .transform((value) => value !== "0" && value !== "false")
    .describe("`0` builds only"),
});

export const deployForm = z.object({
  manifest: z
    .looseObject({})
    .optional()
    .describe(
      "JSON or YAML by /api/manifest.schema.json, laid over the slipway.yml in the source; `replicas` is scale.min",
    ),
  source: fileField("The folder as zip or tar.gz"),
});

/**
 * Answers 202 at once, or with `wait` 200 when it serves or, with `deploy=0`, is built.
 * @throws AppError `build_failed`, `deploy_failed` and as FunctionUploads does
 */
export async function deployFunction(
  request: FastifyRequest,
  reply: FastifyReply,
  options: FunctionRoutesOptions,
  viewOf: (service: Service) => Promise<unknown>,
): Promise<unknown> {
  const { stores, uploads } = options;
  const query = request.query as z.output<typeof deployQuery>;
  const answer = await takeIn(request, options, query);
  const outcome = query.wait
    ? await uploads.waitForOutcome(answer.deployment.id, untilClosed(request, reply))
    : answer.deployment;
  if (query.wait) requireGoodOutcome(outcome);
  const service = await stores.services.get(answer.service.id);
  const build = outcome.buildId === null ? undefined : await stores.builds.get(outcome.buildId);
  return reply.status(query.wait ? 200 : 202).send({
    function: await viewOf(service),
    deployment: deploymentView(outcome, service, build),
    detected: answer.detected,
    unchanged: answer.isUnchanged,
    warnings: answer.warnings,
  });
}

async function takeIn(
  request: FastifyRequest,
  options: FunctionRoutesOptions,
  query: z.output<typeof deployQuery>,
): Promise<DeployAnswer> {
  const { stores, uploads, uploadsDir, manifests } = options;
  const project = await functionFinder(stores).project(query.project);
  const deploy = (manifest: Manifest, archivePath: string): Promise<DeployAnswer> =>
    uploads.deployFunction(project, { manifest, noCache: query.no_cache, isHeld: !query.deploy }, archivePath);
  if (isJson(request)) return withCodeBody(request.body, options, deploy);
  return withUploadForm(
    request,
    uploadsDir,
    async ({ fields, file }) => {
      const text = fields.manifest;
      const manifest = text === undefined ? {} : (await manifests.readPart(text)).manifest;
      if (file !== undefined) return deploy(manifest, file.path);
      throw new AppError("invalid", "source: is missing", {
        fields: { source: ["is required"] },
        remedy: "Send the zip or tar.gz as form part source.",
      });
    },
    { textParts: ["manifest"] },
  );
}

function isJson(request: FastifyRequest): boolean {
  return /^application\/(?:[\w.-]+\+)?json\b/i.test(request.headers["content-type"] ?? "");
}
