/** One command for several folders, one after the other: a failure is told at once, and the others are still tried. */

import type { CliContext } from "./cli-context.ts";
import { Interrupted, OutputClosed, SomeFailed, UsageError } from "./exit-codes.ts";
import { Progress } from "./progress.ts";
import { errorDocument, errorText } from "./report-error.ts";
import { styleFor } from "./style.ts";
import { plural } from "./text-format.ts";

export type FolderWork<T> = (folder: string, progress: Progress) => Promise<T>;

/**
 * With --json an array with a document for each folder, for one that failed `{folder, error}`; else the `line` of each
 * on standard output as soon as it is known. A single folder fails like any other command.
 * @throws SomeFailed when one of several failed; Interrupted at once
 */
export async function forEachFolder<T extends object>(
  folders: readonly string[],
  flags: { readonly name?: string },
  context: CliContext,
  work: FolderWork<T>,
  line: (result: T) => string,
): Promise<void> {
  const { output, deps } = context;
  if (flags.name !== undefined && folders.length > 1) {
    throw new UsageError("--name can't be the name of several folders.", { remedy: "Give one folder at a time." });
  }
  const documents: object[] = [];
  const failed: string[] = [];
  const style = styleFor(deps.stderr, deps.env);
  for (const folder of folders) {
    if (folders.length > 1) output.note(style.bold(`== ${folder}`));
    const progress = new Progress(deps, output.isJson);
    try {
      const result = await work(folder, progress);
      documents.push({ folder, ...result });
      if (!output.isJson) output.text(line(result));
    } catch (error) {
      progress.stop();
      if (folders.length === 1 || error instanceof Interrupted || error instanceof OutputClosed) throw error;
      failed.push(folder);
      documents.push({ folder, error: errorDocument(error) });
      if (!output.isJson) deps.stderr.write(errorText(error, deps));
    } finally {
      progress.stop();
    }
  }
  if (output.isJson) output.result(documents, "");
  if (failed.length > 0)
    throw new SomeFailed(`${failed.length} of ${plural(folders.length, "folder")} failed: ${failed.join(", ")}.`);
}
