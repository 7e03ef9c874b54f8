/** `slipway scale -l`, `deploy -l`, `stop -l`, `purge -l`, `logs -l`: functions on this machine's engine, by name. */

import type { CliContext } from "../cli-context.ts";
import { Progress } from "../progress.ts";
import { statusDocument } from "./local-status.ts";
import { localProgress, useWorkshop } from "./use-workshop.ts";

/** Without a count: says how many there are. */
export function localScale(name: string, count: number | undefined, context: CliContext): Promise<void> {
  return useWorkshop(context, async ({ functions }) => {
    const { output, deps, signal } = context;
    const before = count === 0 || count === undefined ? await functions.status([name]) : [];
    if (count === undefined) {
      const scale = before[0]?.scale ?? 0;
      output.result({ name, scale }, `Function ${name} has a scale of ${scale}`);
      return;
    }
    const progress = new Progress(deps, output.isJson);
    try {
      const status = await functions.scale(name, count, localProgress(progress), signal);
      progress.stop();
      const urls = status.instances.flatMap(({ url }) => (url === null ? [] : [`${url}\n`]));
      output.note(`Function ${name} now has a scale of ${count}`);
      output.result({ name, scale: count, function: statusDocument(status) }, urls.join(""));
    } finally {
      progress.stop();
    }
  });
}

/** Replaces the instances that are out of date. */
export function localDeploy(name: string, context: CliContext): Promise<void> {
  return useWorkshop(context, async ({ functions }) => {
    const { output, deps, signal } = context;
    const progress = new Progress(deps, output.isJson);
    try {
      const { replaced, status } = await functions.deploy(name, localProgress(progress), signal);
      if (replaced > 0) progress.done(`${name}: ${replaced} replaced`);
      progress.stop();
      if (replaced === 0) output.note(`${name}: all instances are up to date`);
      output.result({ replaced, function: statusDocument(status) }, status.url ?? "");
    } finally {
      progress.stop();
    }
  });
}

/** Its instances end; images and settings stay. */
export function localStop(name: string, context: CliContext): Promise<void> {
  return useWorkshop(context, async ({ functions }) => {
    const { output, deps, signal } = context;
    const progress = new Progress(deps, output.isJson);
    try {
      const status = await functions.scale(name, 0, localProgress(progress), signal);
      progress.stop();
      output.result(statusDocument(status), `${output.style.bold(name)}: stopped`);
    } finally {
      progress.stop();
    }
  });
}

/** All names are checked before the first one is removed. */
export function localPurge(names: readonly string[], context: CliContext): Promise<void> {
  return useWorkshop(context, async ({ functions }) => {
    const { output } = context;
    const unique = [...new Set(names)];
    await functions.status(unique);
    for (const name of unique) {
      const kept = await functions.purge(name);
      output.note(`${name}: purged`);
      for (const folder of kept) output.note(`kept: ${folder}`);
    }
    output.result({ purged: unique }, "");
  });
}

export type LocalLogsOptions = { readonly tail: number; readonly follow?: true };

export function localLogs(name: string, { tail, follow }: LocalLogsOptions, context: CliContext): Promise<void> {
  return useWorkshop(context, async ({ functions }) => {
    const { output, signal } = context;
    const isFollowing = follow === true;
    const documents: object[] = [];
    for await (const line of functions.logs(name, { tail, follow: isFollowing }, signal)) {
      const document = { instance: line.instance, stream: line.stream, line: line.line, at: timeOf(line.at) };
      if (!output.isJson) output.text(`${output.style.byKey(`${line.instance} |`, line.instance)} ${line.line}\n`);
      else if (isFollowing) output.jsonLine(document);
      else documents.push(document);
    }
    signal.throwIfAborted();
    if (output.isJson && !isFollowing) output.result(documents, "");
  });
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
