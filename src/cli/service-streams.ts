/** What servers send about services while it comes: build logs and the lines of instances. */

import type { ServiceLogLineView } from "./api-views.ts";
import type { HttpClient } from "./http-client.ts";
import { readLogLines } from "./log-line-follower.ts";

export class ServiceStreams {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  /** Of a deployment of any service of a project, from its start; with `follow` until the build has ended. */
  buildLog(
    { p, s, d }: { readonly p: string; readonly s: string; readonly d: string },
    follow: boolean,
    signal: AbortSignal,
  ): AsyncIterable<string> {
    const path = `${servicePath(p, s)}/deployments/${encodeURIComponent(d)}/log`;
    return this.#http.text(path, { query: { follow: follow ? 1 : undefined }, signal });
  }

  /** What all instances of a service wrote, oldest first; with `follow` until `signal` aborts. */
  logs(
    { p, s }: { readonly p: string; readonly s: string },
    options: { readonly tail: number; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncIterable<ServiceLogLineView> {
    const query = { tail: options.tail, follow: options.follow ? 1 : 0 };
    return readLogLines(this.#http.text(`${servicePath(p, s)}/logs`, { query, signal }));
  }
}

function servicePath(p: string, s: string): string {
  return `/api/projects/${encodeURIComponent(p)}/services/${encodeURIComponent(s)}`;
}
