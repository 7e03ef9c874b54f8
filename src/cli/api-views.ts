/** The JSON that the API answers with, as far as the command line reads it. Times are RFC 3339 texts. */

export type InstanceView = {
  readonly id: string;
  readonly name: string;
  /** Of the deployment that serves. */
  readonly current: boolean;
  readonly healthy: boolean;
  readonly state: "waiting" | "starting" | "ready" | "draining";
  readonly started_at: string | null;
  readonly restart_count: number;
  readonly last_exit_code: number | null;
  readonly last_log_tail: string | null;
  readonly deployment_id: string;
};

export type ImageView = { readonly id: string; readonly tags: readonly string[]; readonly created_at: string };

export type BuildView = {
  readonly id: string;
  readonly status: "queued" | "running" | "succeeded" | "failed" | "cancelled";
  readonly was_cached: boolean;
  readonly error: string | null;
};

export type DeploymentView = {
  readonly id: string;
  readonly function: string;
  readonly status: "building" | "pending" | "starting" | "healthy" | "failed" | "superseded" | "cancelled";
  readonly image: string | null;
  readonly runtime: string | null;
  readonly failure_reason: string | null;
  readonly exit_code: number | null;
  readonly log_tail: string | null;
  readonly attempt_count: number;
  readonly build: BuildView | null;
  /** Serves now. */
  readonly active: boolean;
  readonly created_at: string;
  readonly healthy_at: string | null;
};

export type FunctionView = {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly kind: string;
  readonly status: string;
  readonly url: string;
  readonly urls: readonly string[];
  readonly runtime: string | null;
  readonly port: number | null;
  readonly replicas: number;
  readonly active_deployment_id: string | null;
  readonly latest_deployment: DeploymentView | null;
  readonly error: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly instances: readonly InstanceView[];
  /** Only in the view of a single function. */
  readonly images?: readonly ImageView[];
};

export type DeployAnswer = {
  readonly function: FunctionView;
  readonly deployment: DeploymentView;
  /** What the source was taken for, when nothing said so. */
  readonly detected: string | null;
  /** The same source and settings serve already. */
  readonly unchanged: boolean;
};

export type RuntimeView = {
  readonly name: string;
  readonly description: string;
  readonly origin: "builtin" | "uploaded";
  readonly protocol: string;
  readonly default_port: number;
  /** The Dockerfile; only in the view of a single runtime. */
  readonly content?: string;
};

export type LogLineView = {
  readonly container_id: string;
  readonly instance: string;
  readonly stream: "stdout" | "stderr";
  readonly line: string;
  readonly at: string;
};

export type ServerInfoView = { readonly version: string; readonly server_id: string; readonly address: string };

/** A slice of a list. */
export type PageView<T> = { readonly data: readonly T[]; readonly total_count: number };

/** The `manifest` part of an upload. */
export type FunctionManifest = {
  readonly name: string;
  readonly runtime?: string;
  readonly port?: number;
  readonly volumes?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly replicas?: number;
};
