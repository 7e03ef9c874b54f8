/** What the instances of a service wrote, line by line. */

import type { ServiceLogLineView } from "./api-views.ts";
import type { CliContext } from "./cli-context.ts";
import type { ProjectScope } from "./project-scope.ts";

/** Most past lines that a server sends. */
export const MOST_SERVICE_LINES = 5000;

export type ServiceLogsOptions = { readonly follow?: true; readonly tail: number };

export async function showServiceLogs(
  { client, p }: ProjectScope,
  s: string,
  options: ServiceLogsOptions,
  { output, signal }: CliContext,
): Promise<void> {
  const isFollowing = options.follow === true;
  const lines = client.services.logs(
    { p, s },
    { tail: Math.min(options.tail, MOST_SERVICE_LINES), follow: isFollowing },
    signal,
  );
  const all: ServiceLogLineView[] = [];
  for await (const line of lines) {
    if (!output.isJson)
      output.text(`${output.style.byKey(`${line.container_id} |`, line.container_id)} ${line.line}\n`);
    else if (isFollowing) output.jsonLine(line);
    else all.push(line);
  }
  if (output.isJson && !isFollowing) output.result(all, "");
}
