/** `POST /api/functions`: a form with a manifest and a source becomes a deployment. */

import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Deployment } from "../domain/deployment.ts";
import { AppError } from "../domain/errors.ts";
import { settingsOf } from "../domain/manifest.ts";
import type { DeployAnswer } from "../domain/operations.ts";
import type { Service } from "../domain/service.ts";
import { functionFinder } from "./function-finder.ts";
import type { FunctionRoutesOptions } from "./function-routes-options.ts";
import { deploymentView } from "./function-view.ts";
import { untilClosed } from "./log-stream.ts";
import { flag, projectQuery } from "./schemas.ts";
import { withUploadForm } from "./upload-form.ts";

export const deployQuery = projectQuery.extend({ wait: flag, no_cache: flag });

/** The form's part `manifest`, as JSON. */
export const manifestSchema = z.strictObject({
  name: z.string(),
  runtime: z.string().optional(),
  port: z.number().int().optional(),
  env: z.record(z.string(), z.string()).optional(),
  volumes: z.array(z.string()).optional(),
  replicas: z.number().int().min(1).max(50).optional(),
  command: z.array(z.string()).optional(),
  health: z
    .strictObject({
      path: z.string(),
      intervalMs: z.number().int().min(100).optional(),
      timeoutMs: z.number().int().min(50).optional(),
      startMs: z.number().int().min(100).optional(),
    })
    .optional(),
  resources: z
    .strictObject({ cpu: z.number().min(0.01).optional(), memoryMb: z.number().int().min(6).optional() })
    .optional(),
  timeoutMs: z.number().int().min(1).max(900_000).optional(),
});

/** Answers 202 at once, or with `wait` 200 when it serves. @throws AppError `build_failed`, `deploy_failed` and as Intake does */
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
  });
}

async function takeIn(
  request: FastifyRequest,
  options: FunctionRoutesOptions,
  query: z.output<typeof deployQuery>,
): Promise<DeployAnswer> {
  const { stores, uploads, rules, uploadsDir } = options;
  const project = await functionFinder(stores).project(query.project);
  return withUploadForm(request, uploadsDir, async ({ fields, file }) => {
    const manifest = readManifest(fields.manifest);
    const settings = settingsOf(manifest, rules);
    if (file === undefined) {
      throw new AppError("invalid", "source: is missing", {
        fields: { source: ["is required"] },
        remedy: "Send the zip or tar.gz as form part source.",
      });
    }
    return uploads.deployFunction(
      project,
      { name: manifest.name, runtime: manifest.runtime, settings, noCache: query.no_cache, isHeld: false },
      file.path,
    );
  });
}

function requireGoodOutcome(outcome: Deployment): void {
  if (outcome.status === "healthy" || outcome.status === "superseded") return;
  const code = outcome.status === "cancelled" ? "cancelled" : outcome.image === null ? "build_failed" : "deploy_failed";
  throw new AppError(
    code,
    outcome.failureReason ?? `The deployment was ${outcome.status}.`,
    outcome.logTail === null ? {} : { logTail: outcome.logTail },
  );
}

function readManifest(text: string | undefined): z.output<typeof manifestSchema> {
  const parsed = manifestSchema.safeParse(parseManifestJson(text));
  if (parsed.success) return parsed.data;
  const fields: Record<string, string[]> = {};
  for (const issue of parsed.error.issues) {
    const field = issue.path.join(".") || "manifest";
    fields[field] ??= [];
    fields[field].push(issue.message);
  }
  throw new AppError(
    "invalid",
    `manifest: ${Object.entries(fields)
      .map(([field, why]) => `${field}: ${why.join(", ")}`)
      .join("; ")}`,
    { fields },
  );
}

/** The JSON of the form's `manifest` part. @throws AppError `invalid` */
function parseManifestJson(text: string | undefined): unknown {
  if (text === undefined) {
    throw new AppError("invalid", "manifest: is missing", {
      fields: { manifest: ["is required"] },
      remedy: 'Send a part "manifest" such as {"name":"hello"} before the part "source".',
    });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AppError("invalid", "manifest: is no JSON", {
      cause: error,
      fields: { manifest: [error instanceof Error ? error.message : "is no JSON"] },
    });
  }
}
