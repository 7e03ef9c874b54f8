/** The API of a Slipway server as methods: one per call, no decisions. Errors are those of HttpClient. */

import { apiClient, type ApiClient as ContractCalls } from "../api/client.ts";
import { deploymentPath, type FunctionRef, pathOf, type SecretRef, secretPath } from "./api-paths.ts";
import type {
  DeployAnswer,
  DeploymentView,
  FunctionManifest,
  FunctionView,
  LogLineView,
  PageView,
  RegistryView,
  RuntimeView,
  ScaleAnswer,
  SecretView,
  ServerInfoView,
} from "./api-views.ts";
import { contractTransport } from "./contract-transport.ts";
import { type Call, HttpClient } from "./http-client.ts";
import { readLogLines } from "./log-line-follower.ts";
import { multipartBody } from "./multipart.ts";
import { PeopleClient } from "./people-client.ts";
import { ServiceStreams } from "./service-streams.ts";
import { SystemClient } from "./system-client.ts";

const PAGE = 100;
/** Longest time an upload may take, in milliseconds. */
const UPLOAD_LIMIT_MS = 3_600_000;

export type { FunctionRef, SecretRef } from "./api-paths.ts";

export type Upload = { readonly fileName: string; readonly content: AsyncIterable<Uint8Array> };
export type DeployOptions = {
  readonly project?: string | undefined;
  readonly isHeld?: boolean;
  readonly noCache?: boolean;
  readonly signal: AbortSignal;
};

export class ApiClient {
  /** Users, API keys and the audit log. */
  readonly people: PeopleClient;
  readonly #http: HttpClient;
  /** Calls of the contract (src/api/), typed by it. */
  readonly calls: ContractCalls;
  readonly services: ServiceStreams;
  readonly #project: string | undefined;
  /** What concerns the server itself. */
  readonly system: SystemClient;

  /**
   * `onVersion` gets the server's version with each answer that says it. `project`: the one that is meant where none is
   * named; undefined: the server's `default`, and for lists all.
   */
  constructor(url: string, token: string | undefined, onVersion?: (version: string) => void, project?: string) {
    this.#http = new HttpClient(url, token, onVersion);
    this.people = new PeopleClient(this.#http);
    this.system = new SystemClient(this.#http);
    this.calls = apiClient(contractTransport(this.#http));
    this.services = new ServiceStreams(this.#http);
    this.#project = project;
  }

  get url(): string {
    return this.#http.url;
  }

  /** The project where none is named. */
  get project(): string | undefined {
    return this.#project;
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

  /** All functions, page after page, in the server's order; null: those of all projects, whatever `project` says. */
  listFunctions(project?: string | null): Promise<readonly FunctionView[]> {
    return this.#all("/api/functions", project);
  }

  getFunction(ref: FunctionRef): Promise<FunctionView> {
    return this.#http.json(pathOf(ref), this.#queryOf(ref));
  }

  /** Its images go with it; its volumes and the secrets set for it only when asked for. */
  async deleteFunction(
    ref: FunctionRef,
    options: { readonly withVolumes: boolean; readonly withSecrets?: boolean },
  ): Promise<void> {
    const query = {
      project: ref.project ?? this.#project,
      volumes: options.withVolumes ? 1 : undefined,
      secrets: options.withSecrets === true ? 1 : undefined,
    };
    await this.#http.send(pathOf(ref), { method: "DELETE", query });
  }

  act(ref: FunctionRef, action: "start" | "stop" | "restart"): Promise<FunctionView> {
    return this.#http.json(`${pathOf(ref)}/${action}`, { method: "POST", json: {}, ...this.#queryOf(ref) });
  }

  /** Without a deployment: to the healthy one before the present. */
  rollback(ref: FunctionRef, deploymentId: string | undefined): Promise<FunctionView> {
    const json = deploymentId === undefined ? {} : { deployment_id: deploymentId };
    return this.#http.json(`${pathOf(ref)}/rollback`, { method: "POST", json, ...this.#queryOf(ref) });
  }

  /** With `wait` it answers once that many are ready. 0 stops it; the scale before comes back with a start. */
  scale(ref: FunctionRef, replicas: number, wait = false): Promise<ScaleAnswer> {
    return this.#http.json(`${pathOf(ref)}/scale`, {
      method: "POST",
      json: { replicas },
      ...this.#waitingCall(ref, wait),
    });
  }

  /** Rolls out what was built only, or replaces instances that are out of date; `unchanged` when none is. */
  deployBuilt(ref: FunctionRef, wait = false): Promise<DeployAnswer> {
    return this.#http.json(`${pathOf(ref)}/deploy`, { method: "POST", json: {}, ...this.#waitingCall(ref, wait) });
  }

  /** Answers before anything is built. `source`: zip or tar.gz. `isHeld`: it is built only. */
  deploy(manifest: FunctionManifest, source: Upload, options: DeployOptions): Promise<DeployAnswer> {
    const { contentType, body } = multipartBody(
      { name: "manifest", value: JSON.stringify(manifest) },
      { name: "source", ...source },
    );
    return this.#http.json("/api/functions", {
      method: "POST",
      query: {
        project: options.project ?? this.#project,
        deploy: options.isHeld === true ? 0 : undefined,
        no_cache: options.noCache === true ? 1 : undefined,
      },
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
    return this.#http.json(deploymentPath(ref, id), { ...this.#queryOf(ref), signal });
  }

  cancelDeployment(ref: FunctionRef, id: string): Promise<DeploymentView> {
    return this.#http.json(`${deploymentPath(ref, id)}/cancel`, { method: "POST", json: {}, ...this.#queryOf(ref) });
  }

  /** The build's log from its start; with `follow` until the build has ended. */
  buildLog(ref: FunctionRef, id: string, follow: boolean, signal: AbortSignal): AsyncIterable<string> {
    const query = { project: ref.project ?? this.#project, follow: follow ? 1 : undefined };
    return this.#http.text(`${deploymentPath(ref, id)}/log`, { query, signal });
  }

  /** The instances' lines, oldest first; with `follow` until `signal` aborts. */
  logs(
    ref: FunctionRef,
    options: { readonly tail: number; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncIterable<LogLineView> {
    const query = { project: ref.project ?? this.#project, tail: options.tail, follow: options.follow ? 1 : 0 };
    return readLogLines(this.#http.text(`${pathOf(ref)}/logs`, { query, signal }));
  }

  /** The files it was built from as tar.gz. */
  functionSource(ref: FunctionRef, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#http.bytes(`${pathOf(ref)}/source`, { ...this.#queryOf(ref), signal });
  }

  /** Sorted by name. `limitMs`: longest wait. */
  async listRuntimes(limitMs?: number): Promise<readonly RuntimeView[]> {
    const call = limitMs === undefined ? {} : { limitMs };
    return (await this.#http.json<{ readonly data: readonly RuntimeView[] }>("/api/runtimes", call)).data;
  }

  /** The runtime's folder as a tar.gz of some megabytes at most. */
  async runtimeArchive(name: string): Promise<Uint8Array> {
    const response = await this.#http.send(`/api/runtimes/${encodeURIComponent(name)}/archive`, {});
    return new Uint8Array(await response.arrayBuffer());
  }

  getRuntime(name: string): Promise<RuntimeView> {
    return this.#http.json(`/api/runtimes/${encodeURIComponent(name)}`);
  }

  putRuntime(name: string, content: string): Promise<RuntimeView> {
    return this.#http.json(`/api/runtimes/${encodeURIComponent(name)}`, { method: "PUT", json: { content } });
  }

  /** `folder`: zip or tar.gz of a runtime's folder. */
  putRuntimeArchive(name: string, folder: Upload): Promise<RuntimeView> {
    const { contentType, body } = multipartBody({ name: "name", value: name }, { name: "file", ...folder });
    const path = `/api/runtimes/${encodeURIComponent(name)}`;
    return this.#http.json(path, { method: "PUT", contentType, body, limitMs: UPLOAD_LIMIT_MS });
  }

  async deleteRuntime(name: string): Promise<void> {
    await this.#http.send(`/api/runtimes/${encodeURIComponent(name)}`, { method: "DELETE" });
  }

  /** Those of all projects, or of one; without `function` project-wide ones and those of all functions. */
  async listSecrets(filter: {
    readonly function?: string | undefined;
    readonly project?: string | undefined;
  }): Promise<readonly SecretView[]> {
    return (
      await this.#http.json<{ readonly data: readonly SecretView[] }>("/api/secrets", {
        query: this.#secretQuery(filter),
      })
    ).data;
  }

  /** Creates or replaces; byte for byte. */
  putSecret(ref: SecretRef, value: Uint8Array): Promise<SecretView> {
    const json = { value: Buffer.from(value).toString("base64"), encoding: "base64" };
    return this.#http.json(secretPath(ref), { method: "PUT", json, query: this.#secretQuery(ref) });
  }

  async deleteSecret(ref: SecretRef): Promise<void> {
    await this.#http.send(secretPath(ref), { method: "DELETE", query: this.#secretQuery(ref) });
  }

  async listRegistries(): Promise<readonly RegistryView[]> {
    return (await this.#http.json<{ readonly data: readonly RegistryView[] }>("/api/registries")).data;
  }

  logInToRegistry(login: {
    readonly host: string;
    readonly username: string;
    readonly password: string;
  }): Promise<RegistryView> {
    return this.#http.json("/api/registries", { method: "POST", json: login });
  }

  async logOutOfRegistry(host: string): Promise<void> {
    await this.#http.send("/api/registries", { method: "DELETE", query: { host } });
  }

  #queryOf(ref: FunctionRef): { readonly query: Readonly<Record<string, string | undefined>> } {
    return { query: { project: ref.project ?? this.#project } };
  }

  /** A call that answers at once, or when what it asks for has come about. */
  #waitingCall(ref: FunctionRef, wait: boolean): Pick<Call, "query" | "limitMs"> {
    return wait
      ? { query: { project: ref.project ?? this.#project, wait: 1 }, limitMs: UPLOAD_LIMIT_MS }
      : this.#queryOf(ref);
  }

  #secretQuery({
    function: functionName,
    project,
  }: {
    readonly function?: string | undefined;
    readonly project?: string | undefined;
  }) {
    return { function: functionName, project: project ?? this.#project };
  }

  async #all<T>(path: string, wanted: string | null | undefined): Promise<readonly T[]> {
    const project = wanted === null ? undefined : (wanted ?? this.#project);
    const all: T[] = [];
    for (;;) {
      const page = await this.#http.json<PageView<T>>(path, { query: { project, limit: PAGE, offset: all.length } });
      all.push(...page.data);
      if (page.data.length === 0 || all.length >= page.total_count) return all;
    }
  }
}
