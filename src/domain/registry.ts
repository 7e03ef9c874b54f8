/** Image registries that need a login: for private base images, and for pushing what is built. */

import { invalidField } from "./errors.ts";

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

/** What an engine does with registries. */
export interface RegistryDriver {
  /**
   * Sends the tagged image to the registry its name says. `onLine`: the engine's progress, one line without its end.
   * @throws AppError `unauthorized` (the registry refuses), `not_found` (no such image here), `bad_gateway` (the registry
   *   can't be reached, or fails), `cancelled`, `unavailable` (engine away)
   */
  pushImage(
    reference: string,
    login: RegistryLogin | undefined,
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** Fetches an image. @throws AppError as pushImage; `not_found` also when the registry has no such image */
  pullImage(
    reference: string,
    login: RegistryLogin | undefined,
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Whether its registry has the image; nothing is fetched, the engine asks by its own ways (mirrors, proxies).
   * @throws AppError `unauthorized`, `bad_gateway`, `cancelled`, `unavailable`
   */
  hasImage(reference: string, login: RegistryLogin | undefined, signal: AbortSignal): Promise<boolean>;
  /** Asks the registry whether it takes the login. @throws AppError as pushImage */
  checkLogin(login: RegistryLogin): Promise<void>;
}

/** Logins by the host of an image's name. */
export interface RegistryLogins {
  /** The login for the registry an image is fetched from or sent to, if there is one. */
  findFor(reference: string): Promise<RegistryLogin | undefined>;
}

/** Changes the kept logins. Passwords never come back. */
export interface RegistryAdmin {
  list(): Promise<readonly RegistryRecord[]>;
  /** Keeps it once the registry has accepted it. @throws AppError `invalid` (host, or the registry says no), `bad_gateway` */
  logIn(login: RegistryLogin): Promise<RegistryRecord>;
  /** @throws AppError `not_found` */
  logOut(host: string): Promise<void>;
}

export const DOCKER_HUB = "docker.io";
const HUB_NAMES = ["index.docker.io", "registry-1.docker.io", "hub.docker.com", "registry.hub.docker.com"];
const HOST = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::[0-9]{1,5})?$/;

/** `host` or `host:port` in lower case, without scheme and slash; Docker Hub is `docker.io`. @throws AppError `invalid` */
export function normalizeRegistryHost(typed: string): string {
  const host = typed
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, "")
    .replace(/\/(v[12]\/?)?$/, "");
  if (!HOST.test(host) || host.length > 255) {
    throw invalidField(
      "host",
      `${JSON.stringify(typed)} is no registry's host`,
      "Name it as it stands at the start of its images, without a path: ghcr.io, registry.example.com:5000.",
    );
  }
  return HUB_NAMES.includes(host) ? DOCKER_HUB : host;
}

/** The registry an image's name says: what stands before the first slash, if that looks like a host. */
export function registryHostOf(reference: string): string {
  const slash = reference.indexOf("/");
  const first = slash < 0 ? "" : reference.slice(0, slash).toLowerCase();
  const isHost = /[.:]/.test(first) || first === "localhost";
  return isHost && !HUB_NAMES.includes(first) ? first : DOCKER_HUB;
}

/** What a registry's password is sealed for. */
export function registryPurpose(host: string): string {
  return `registry:${host}`;
}
