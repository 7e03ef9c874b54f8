/** The part of the API for the server itself: what it is, new versions, backups. One method per call. */

import type { HttpClient } from "./http-client.ts";
import type {
  ReleaseView,
  StagedRestoreView,
  SystemAboutView,
  SystemSettingsView,
  SystemStatusView,
  UpgradeView,
} from "./system-views.ts";

export class SystemClient {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  /** `limitMs`: longest wait. */
  about(limitMs?: number): Promise<SystemAboutView> {
    return this.#http.json("/api/system/about", limitMs === undefined ? {} : { limitMs });
  }

  status(): Promise<SystemStatusView> {
    return this.#http.json("/api/system/status");
  }

  settings(): Promise<SystemSettingsView> {
    return this.#http.json("/api/system/settings");
  }

  updateSettings(settings: SystemSettingsView): Promise<SystemSettingsView> {
    return this.#http.json("/api/system/settings", { method: "PATCH", json: settings });
  }

  /** Asks where releases are announced. */
  latestRelease(): Promise<ReleaseView> {
    return this.#http.json("/api/system/release", { query: { refresh: 1 } });
  }

  requestUpgrade(version: string): Promise<UpgradeView> {
    return this.#http.json("/api/system/upgrade", { method: "POST", json: { version } });
  }

  /** `limitMs`: longest wait. */
  upgrade(limitMs?: number): Promise<UpgradeView> {
    return this.#http.json("/api/system/upgrade", limitMs === undefined ? {} : { limitMs });
  }

  /** The archive as it comes. */
  backup(options: { readonly withVolumes: boolean; readonly signal: AbortSignal }): AsyncIterable<Uint8Array> {
    const query = { volumes: options.withVolumes ? 1 : undefined };
    return this.#http.bytes("/api/system/backup", { method: "POST", query, signal: options.signal });
  }

  /** Answers once the archive is checked; the server takes it up right after. */
  restore(archive: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<StagedRestoreView> {
    const call = { method: "POST", body: archive, contentType: "application/gzip", signal, limitMs: null } as const;
    return this.#http.json("/api/system/restore", call);
  }
}
