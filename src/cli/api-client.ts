/** The API of a Slipway server as methods: one per call, no decisions. Errors are those of HttpClient. */

import type {
  DeployAnswer,
  DeploymentView,
  FunctionManifest,
  FunctionView,
  LogLineView,
  PageView,
  RuntimeView,
  ServerInfoView,
} from "./api-views.ts";
import { HttpClient } from "./http-client.ts";
import { multipartBody } from "./multipart.ts";
import { readServerSentEvents } from "./sse.ts";

const PAGE = 100;
/** Longest time an upload may take, in milliseconds. */
const UPLOAD_LIMIT_MS = 3_600_000;

/** A function by name; without a project it is looked up in `default`. */
export type FunctionRef = { readonly name: string; readonly project?: string | undefined };
export type Upload = { readonly fileName: string; readonly content: AsyncIterable<Uint8Array> };

export class ApiClient {
  readonly #http: HttpClient;

  constructor(url: string, token: string | undefined) {
    this.#http = new HttpClient(url, token);
  }

  get url(): string {
    return this.#http.url;
  }

  /** Needs no token. */
  health(limitMs: number): Promise<{ readonly status: string }> {
    return this.#http.json("/healthz", { limitMs });
  }

  info(signal?: AbortSignal): Promise<ServerInfoView> {
    return this.#http.json("/api/system/info", { signal });
  }

  async reload(): Promise<void> {
    await this.#http.json("/api/system/reload", { method: "POST", json: {} });
  }

  /** Trades the one-time setup token for a lasting one. */
  claim(token: string): Promise<{ readonly token: string }> {
    return this.#http.json("/api/setup/claim", { method: "POST", json: { token } });
  }

  /** All functions, page after page, in the server's order. */
  listFunctions(project?: string): Promise<readonly FunctionView[]> {
    return this.#all("/api/functions", project);
  }

  getFunction(ref: FunctionRef): Promise<FunctionView> {
    return this.#http.json(pathOf(ref), queryOf(ref));
  }

  async deleteFunction(ref: FunctionRef, options: { readonly withVolumes: boolean }): Promise<void> {
    const query = { project: ref.project, volumes: options.withVolumes ? 1 : undefined };
    await this.#http.send(pathOf(ref), { method: "DELETE", query });
  }

  act(ref: FunctionRef, action: "start" | "stop" | "restart"): Promise<FunctionView> {
    return this.#http.json(`${pathOf(ref)}/${action}`, { method: "POST", json: {}, ...queryOf(ref) });
  }

  /** Without a deployment: to the healthy one before the present. */
  rollback(ref: FunctionRef, deploymentId: string | undefined): Promise<FunctionView> {
    const json = deploymentId === undefined ? {} : { deployment_id: deploymentId };
    return this.#http.json(`${pathOf(ref)}/rollback`, { method: "POST", json, ...queryOf(ref) });
  }

  /** Answers before anything is built. `source`: zip or tar.gz. */
  deploy(
    manifest: FunctionManifest,
    source: Upload,
    options: { readonly project?: string | undefined; readonly signal: AbortSignal },
  ): Promise<DeployAnswer> {
    const { contentType, body } = multipartBody(
      { name: "manifest", value: JSON.stringify(manifest) },
      { name: "source", ...source },
    );
    return this.#http.json("/api/functions", {
      method: "POST",
      query: { project: options.project },
      contentType,
      body,
      signal: options.signal,
      limitMs: UPLOAD_LIMIT_MS,
    });
  }

  /** Newest first. */
  listDeployments(ref: FunctionRef): Promise<readonly DeploymentView[]> {
    return this.#all(`${pathOf(ref)}/deployments`, ref.project);
  }

  getDeployment(ref: FunctionRef, id: string, signal?: AbortSignal): Promise<DeploymentView> {
    return this.#http.json(deploymentPath(ref, id), { ...queryOf(ref), signal });
  }

  cancelDeployment(ref: FunctionRef, id: string): Promise<DeploymentView> {
    return this.#http.json(`${deploymentPath(ref, id)}/cancel`, { method: "POST", json: {}, ...queryOf(ref) });
  }

  /** The build's log from its start; with `follow` until the build has ended. */
  buildLog(ref: FunctionRef, id: string, follow: boolean, signal: AbortSignal): AsyncIterable<string> {
    const query = { project: ref.project, follow: follow ? 1 : undefined };
    return this.#http.text(`${deploymentPath(ref, id)}/log`, { query, signal });
  }

  /** The instances' lines, oldest first; with `follow` until `signal` aborts. */
  async *logs(
    ref: FunctionRef,
    options: { readonly tail: number; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncIterable<LogLineView> {
    const query = { project: ref.project, tail: options.tail, follow: options.follow ? 1 : 0 };
    for await (const event of readServerSentEvents(this.#http.text(`${pathOf(ref)}/logs`, { query, signal }))) {
      if (event.event === "end") return;
      yield JSON.parse(event.data) as LogLineView;
    }
  }

  async listRuntimes(): Promise<readonly RuntimeView[]> {
    return (await this.#http.json<{ readonly data: readonly RuntimeView[] }>("/api/runtimes")).data;
  }

  getRuntime(name: string): Promise<RuntimeView> {
    return this.#http.json(`/api/runtimes/${encodeURIComponent(name)}`);
  }

  putRuntime(name: string, content: string): Promise<RuntimeView> {
    return this.#http.json(`/api/runtimes/${encodeURIComponent(name)}`, { method: "PUT", json: { content } });
  }

  async deleteRuntime(name: string): Promise<void> {
    await this.#http.send(`/api/runtimes/${encodeURIComponent(name)}`, { method: "DELETE" });
  }

  async #all<T>(path: string, project: string | undefined): Promise<readonly T[]> {
    const all: T[] = [];
    for (;;) {
      const page = await this.#http.json<PageView<T>>(path, { query: { project, limit: PAGE, offset: all.length } });
      all.push(...page.data);
      if (page.data.length === 0 || all.length >= page.total_count) return all;
    }
  }
}

function pathOf(ref: FunctionRef): string {
  return `/api/functions/${encodeURIComponent(ref.name)}`;
}

function deploymentPath(ref: FunctionRef, id: string): string {
  return `${pathOf(ref)}/deployments/${encodeURIComponent(id)}`;
}

function queryOf(ref: FunctionRef): { readonly query: Readonly<Record<string, string | undefined>> } {
  return { query: { project: ref.project } };
}
