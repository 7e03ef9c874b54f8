/** What the API answers of the server itself. Times are RFC 3339. */

export type ReleaseView = {
  readonly version: string;
  readonly url: string;
  readonly notes: string;
  readonly published_at: string;
  readonly fetched_at: string;
};

export type SystemAboutView = {
  readonly slipway: { readonly version: string; readonly node_version: string; readonly started_at: string };
  readonly docker: {
    readonly reachable: boolean;
    readonly error: string | null;
    readonly server_version: string | null;
    readonly api_version: string | null;
    readonly os: string | null;
    readonly docker_root_dir: string | null;
    readonly warnings: readonly string[];
  };
  readonly database: { readonly path: string; readonly size_bytes: number };
  readonly latest_release: ReleaseView | null;
  readonly update_available: boolean;
};

export type UsageView = { readonly total_bytes: number; readonly used_bytes: number; readonly usage_pct: number };

export type SystemStatusView = {
  readonly host: {
    readonly hostname: string;
    readonly uptime: number;
    readonly cpu: {
      readonly cores: number;
      readonly usage_pct: number;
      readonly load1: number;
      readonly load5: number;
      readonly load15: number;
    };
    readonly memory: UsageView;
    readonly swap: UsageView;
    readonly disks: readonly (UsageView & { readonly mountpoint: string })[];
  };
  readonly docker: {
    readonly reachable: boolean;
    readonly containers: number;
    readonly containers_running: number;
    readonly images: number;
    readonly images_size_bytes: number;
    readonly volumes: number;
    readonly volumes_size_bytes: number;
    readonly build_cache_bytes: number;
  };
};

export type SystemSettingsView = { readonly auto_update: boolean };

export type UpgradeView = {
  readonly state: "idle" | "queued" | "running" | "done" | "failed";
  readonly target_version: string | null;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly error: string | null;
  readonly log_tail: string | null;
};

export type StagedRestoreView = {
  readonly version: string;
  readonly server_id: string;
  readonly created_at: string;
  readonly has_volumes: boolean;
  readonly files: number;
  readonly bytes: number;
  readonly previous: string;
};
