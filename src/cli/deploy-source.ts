/**
 * A folder or archive on its way to serving, or to being built only: what `slipway deploy`, `up` and `build` have in
 * common. Ctrl-C takes it back whatever it is at.
 */

import type { ApiClient, FunctionRef } from "./api-client.ts";
import type { DeployAnswer, ServerInfoView } from "./api-views.ts";
import type { CliContext } from "./cli-context.ts";
import { Interrupted } from "./exit-codes.ts";
import { followDeployment } from "./follow-deployment.ts";
import { type ManifestFlags, manifestOf } from "./function-manifest.ts";
import type { Progress } from "./progress.ts";
import { openSource, type SourceUpload } from "./source-upload.ts";
import { type ReadySource, readySource } from "./staged-source.ts";
import { findFunction, takeBack } from "./take-back.ts";
import { formatBytes, plural } from "./text-format.ts";
import { requireFitting, withinLimit } from "./upload-limits.ts";

export type SourceJob = {
  /** Folder or archive, as it was typed. */
  readonly typed: string;
  readonly flags: ManifestFlags;
  readonly project?: string | undefined;
  /** It is built and no more. */
  readonly isHeld: boolean;
  readonly noCache: boolean;
  /** Until it serves, or is built. */
  readonly waits: boolean;
};

type Upload = { readonly source: SourceUpload; readonly ready: ReadySource; readonly info: ServerInfoView };

/**
 * The answer of the server, with `function` and `deployment` as they are at the end of the wait.
 * @throws AppError of whatever the folder, the network, the build or the start said; Interrupted
 */
export async function deploySource(
  job: SourceJob,
  client: ApiClient,
  progress: Progress,
  context: CliContext,
): Promise<DeployAnswer> {
  const { output, deps, signal } = context;
  const source = await openSource(job.typed, deps.cwd);
  if (source.skipped.length > 0) output.warn(`not uploaded, since they are no files: ${source.skipped.join(", ")}`);
  const manifest = await manifestOf(job.flags, source, deps.manifests);
  const ref = { name: manifest.name, project: job.project };
  const [info, before] = await Promise.all([client.info(signal), findFunction(client, ref)]);
  requireFitting(job.typed, source, info);
  const ready = await readySource(source, job.flags, manifest, client, context);
  const answer = await upload({ source, ready, info }, job, client, progress, signal).finally(() => ready.close());
  showAnswer(answer, progress, context);
  try {
    signal.throwIfAborted();
    return job.waits ? await awaitOutcome(answer, ref, client, progress, context) : answer;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    throw await takeBack(client, ref, answer.deployment.id, before !== undefined, error);
  }
}

/** The answer with function and deployment as they are once it serves, or is built. @throws AppError; Interrupted */
export async function awaitOutcome(
  answer: DeployAnswer,
  ref: FunctionRef,
  client: ApiClient,
  progress: Progress,
  { deps, signal }: CliContext,
): Promise<DeployAnswer> {
  const deployment = await followDeployment(answer.deployment, { client, ref, progress, signal, now: deps.now });
  const isAsAnswered = deployment === answer.deployment;
  return { ...answer, function: isAsAnswered ? answer.function : await client.getFunction(ref), deployment };
}

async function upload(
  { source, ready, info }: Upload,
  job: SourceJob,
  client: ApiClient,
  progress: Progress,
  signal: AbortSignal,
): Promise<DeployAnswer> {
  const { manifest } = ready;
  const what = source.fileCount === undefined ? source.fileName : plural(source.fileCount, "file");
  progress.step(`uploading ${what} (${formatBytes(source.totalBytes)}) as ${manifest.name}`);
  let readBytes = 0;
  const packed = ready.open((bytes) => {
    readBytes += bytes;
    progress.update(`uploading ${what}: ${formatBytes(readBytes)} of ${formatBytes(source.totalBytes)}`);
  });
  // Once everything is sent the server goes on whoever listens: its answer says what there is to take back.
  const sending = new AbortController();
  const stop = (): void =>
    sending.abort(new Interrupted(`The upload of ${manifest.name} was interrupted; nothing has changed.`));
  const fitting = withinLimit(job.typed, source, packed, info);
  const content = whileWanted(fitting, sending.signal, () => signal.removeEventListener("abort", stop));
  signal.throwIfAborted();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const { project, isHeld, noCache } = job;
    const file = { fileName: source.fileName, content };
    return await client.deploy(manifest, file, { project, isHeld, noCache, signal: sending.signal });
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** `fetch` goes on pulling for a while after it was aborted: a large folder would be packed to its end for nobody. */
async function* whileWanted<T>(items: AsyncIterable<T>, signal: AbortSignal, onEnd: () => void): AsyncIterable<T> {
  for await (const item of items) {
    signal.throwIfAborted();
    yield item;
  }
  onEnd();
}

function showAnswer(answer: DeployAnswer, progress: Progress, { output }: CliContext): void {
  for (const warning of answer.warnings ?? []) output.warn(warning);
  if (answer.detected !== null) progress.lines(`${answer.detected}\n`);
  if (answer.unchanged) progress.lines("nothing has changed\n");
}
