/** Makes a project what a document says: the server's part in one transaction, then the sources, then the wait. */

import type { DeploymentView, SpecAnswerView } from "../api/views.ts";
import { AppError } from "../domain/errors.ts";
import type { CliContext } from "./cli-context.ts";
import { Interrupted } from "./exit-codes.ts";
import { followServices } from "./follow-services.ts";
import { Progress } from "./progress.ts";
import type { ProjectScope } from "./project-scope.ts";
import type { OpenDocument } from "./read-document.ts";
import { formatBytes, plural } from "./text-format.ts";
import { requireFitting, withinLimit } from "./upload-limits.ts";

export type Applied = {
  readonly answer: SpecAnswerView;
  /** As they are at the end of the wait. */
  readonly deployments: readonly DeploymentView[];
};

/** @param plan what its owner agreed to @throws AppError `conflict` when it is another one by now, or a deployment failed */
export async function applyDocument(
  open: OpenDocument,
  plan: SpecAnswerView,
  options: { readonly prune: boolean; readonly waits: boolean },
  client: ProjectScope["client"],
  context: CliContext,
): Promise<Applied> {
  const { prune, waits } = options;
  const body = { document: { ...open.document }, prune, plan: plan.plan };
  const answer = await client.calls.ask("POST /api/projects/apply", { body });
  const { project, result, uploads } = answer;
  if (project === null || result === null) throw new AppError("internal", "The server applied nothing.");
  const scope: ProjectScope = { client, p: project.slug, project };
  const uploaded: DeploymentView[] = [];
  for (const name of uploads) {
    try {
      uploaded.push(await upload(name, open, scope, context));
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      throw new Interrupted(`Interrupted: the source of ${name} was not sent.`, {
        remedy: "Everything before it is done; apply the document again for the rest.",
      });
    }
  }
  // What an upload takes the place of is no news.
  const others = result.created_deployments.filter((deployment) => !uploads.includes(deployment.service));
  const all = [...others, ...uploaded];
  return { answer, deployments: waits ? await followServices(all, scope, context) : all };
}

async function upload(
  name: string,
  { sources }: OpenDocument,
  { client, p }: ProjectScope,
  context: CliContext,
): Promise<DeploymentView> {
  const found = sources.get(name);
  if (found === undefined) throw new AppError("internal", `The server asks for a source of ${name}, which has none.`);
  const { source, ready } = found;
  const { signal, deps, output } = context;
  const info = await client.info(signal);
  requireFitting(name, source, info);
  const progress = new Progress(deps, output.isJson);
  try {
    const what = source.fileCount === undefined ? source.fileName : plural(source.fileCount, "file");
    progress.step(`uploading ${what} (${formatBytes(source.totalBytes)}) as ${name}`);
    const content = withinLimit(
      name,
      source,
      ready.open(() => undefined),
      info,
    );
    const file = { fileName: source.fileName, content };
    const answer = await client.deploy(ready.manifest, file, { project: p, signal });
    for (const warning of answer.warnings ?? []) output.warn(`${name}: ${warning}`);
    const params = { p, s: name, d: answer.deployment.id };
    return await client.calls.ask("GET /api/projects/:p/services/:s/deployments/:d", { params });
  } finally {
    progress.stop();
  }
}
