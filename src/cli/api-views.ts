/** The JSON that the API answers with, as far as the command line reads it. Times are RFC 3339 texts. */

export type InstanceView = {
  readonly id: string;
  readonly name: string;
  /** False: out of date, because something newer is built, comes up or serves. */
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
  /** Null: of a service that is no function. */
  readonly function: string | null;
  readonly status: "building" | "built" | "pending" | "starting" | "healthy" | "failed" | "superseded" | "cancelled";
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
  /** How many instances are wanted now: 0 while it is stopped. */
  readonly replicas: number;
  /** The same, as `status --json` calls it. */
  readonly scale: number;
  /** How many it has when it runs; a start brings them back. */
  readonly saved_scale: number;
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
  /** What there is to say about it, for people. */
  readonly message?: string;
  /** What its owner should know about the manifest, for people. */
  readonly warnings?: readonly string[];
};

export type ScaleAnswer = {
  readonly function: FunctionView;
  /** It was at that scale already. */
  readonly unchanged: boolean;
};

export type RuntimeView = {
  readonly name: string;
  readonly description: string;
  readonly origin: "builtin" | "uploaded";
  readonly protocol: string;
  readonly default_port: number;
  /** The Dockerfile; it and what follows only in the view of a single runtime. */
  readonly content?: string;
  /** Paths of all its files, sorted. */
  readonly files?: readonly string[];
  readonly has_template?: boolean;
  readonly health_path?: string | null;
  readonly options?: Readonly<Record<string, string | readonly string[]>>;
};

export type SecretView = {
  readonly name: string;
  /** Null: all functions of the project that ask for it. */
  readonly function: string | null;
  readonly project: string;
  readonly created_at: string;
  readonly updated_at: string;
};

export type RegistryView = {
  readonly host: string;
  readonly username: string;
  readonly created_at: string;
  readonly updated_at: string;
};

export type LogLineView = {
  readonly container_id: string;
  readonly instance: string;
  readonly stream: "stdout" | "stderr";
  readonly line: string;
  readonly at: string;
};

/** A line of any service. */
export type ServiceLogLineView = Pick<LogLineView, "container_id" | "stream" | "line" | "at">;

export type ServerInfoView = {
  readonly version: string;
  readonly server_id: string;
  readonly address: string;
  /** Longest archive the server takes, in bytes; one of another version may not say. */
  readonly upload_limit_bytes?: number;
  /** Most that an archive may unpack to, in bytes. */
  readonly unpacked_limit_bytes?: number;
};

/** A slice of a list. */
export type PageView<T> = { readonly data: readonly T[]; readonly total_count: number };

/** The `manifest` part of an upload. */
export type FunctionManifest = {
  readonly name: string;
  /** Null: the source's own Dockerfile. */
  readonly runtime?: string | null;
  readonly port?: number;
  readonly volumes?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly replicas?: number;
};
