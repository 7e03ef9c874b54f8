/** Image registries that need a login: for private base images, and for pushing what is built. */

export type RegistryRecord = {
  /** `host` or `host:port`, lower case; Docker Hub is `docker.io`. */
  readonly host: string;
  readonly username: string;
  /** Base64 of what SecretBox.seal made, purpose `registry:<host>`. */
  readonly sealedPassword: string;
  readonly createdAt: number;
  readonly updatedAt: number;
};

export interface RegistryStore {
  find(host: string): Promise<RegistryRecord | undefined>;
  /** Sorted by host. */
  list(): Promise<readonly RegistryRecord[]>;
  /** Creates or replaces. */
  put(record: RegistryRecord): Promise<void>;
  /** Idempotent. */
  remove(host: string): Promise<void>;
}

/** A login as an engine takes it. */
export type RegistryLogin = { readonly host: string; readonly username: string; readonly password: string };
