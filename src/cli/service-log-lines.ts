/** What the instances of a service wrote, line by line. */

import type { ServiceLogLineView } from "./api-views.ts";
import type { CliContext } from "./cli-context.ts";
import { followLogLines, MOST_SERVICE_LINES } from "./log-line-follower.ts";
import type { ProjectScope } from "./project-scope.ts";

/** What a person is told when a connection is lost. */
export const LOST = "The connection to the server is lost; trying again.";

export type ServiceLogsOptions = { readonly follow?: true; readonly tail: number };

export async function showServiceLogs(
  { client, p }: ProjectScope,
  s: string,
  options: ServiceLogsOptions,
  { output, signal }: CliContext,
): Promise<void> {
  const isFollowing = options.follow === true;
  const open = (tail: number) => client.services.logs({ p, s }, { tail, follow: isFollowing }, signal);
  const tail = Math.min(options.tail, MOST_SERVICE_LINES);
  const onLost = (): void => output.warn(LOST);
  const lines = isFollowing ? followLogLines({ tail, open, signal, onLost }) : open(tail);
  const all: ServiceLogLineView[] = [];
  for await (const line of lines) {
    if (!output.isJson)
      output.text(`${output.style.byKey(`${line.container_id} |`, line.container_id)} ${line.line}\n`);
    else if (isFollowing) output.jsonLine(line);
    else all.push(line);
  }
  if (output.isJson && !isFollowing) output.result(all, "");
}
