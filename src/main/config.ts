/** The server's configuration, read once from flags and environment into one frozen object. All bad values are named at once. */

import { isIP } from "node:net";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { AppError } from "../domain/errors.ts";
import { envNameOf, SERVER_OPTIONS, type ServerOption, type ServerOptionName } from "../domain/server-options.ts";
import {
  type ListenAddress,
  OptionError,
  parseAddress,
  parseBytes,
  parseDuration,
  parseInteger,
  parseList,
  requireBounds,
} from "./parse-option.ts";

export type Config = {
  readonly dataDir: string;
  readonly databasePath: string;
  readonly address: ListenAddress;
  readonly passfile: string;
  readonly driver: "docker" | "memory";
  readonly dockerSocket: string;
  /** Lower case; null: any domain. */
  readonly baseDomain: string | null;
  readonly gatewayWorkers: number;
  /** null: the server's own. */
  readonly gatewayUser: string | null;
  readonly prefix: string;
  readonly networkPool: string;
  readonly trustedProxies: readonly string[];
  readonly volumeRoots: readonly string[];
  /** Lower case; null: none. */
  readonly pathHost: string | null;
  readonly networks: readonly string[];
  /** IP address of the host. */
  readonly hostPortAddress: string;
  /** null: containers outside are not adopted. */
  readonly faasoNetwork: string | null;
  /** Upper case, without `CAP_`. */
  readonly capabilities: readonly string[];
  /** `host/prefix` without a slash at the end; null: none. */
  readonly registry: string | null;
  readonly secretsDir: string;
  readonly corsOrigin: string;
  readonly logLevel: "debug" | "info" | "warn" | "error";
  readonly reconcileIntervalMs: number;
  readonly cleanupIntervalMs: number;
  readonly drainTimeoutMs: number;
  readonly uploadLimitBytes: number;
  readonly uploadEntries: number;
  readonly unpackedLimitBytes: number;
  readonly unpackRatio: number;
  readonly buildTimeoutMs: number;
  readonly buildMemoryBytes: number;
  readonly buildParallel: number;
  readonly diskWarningBytes: number;
  /** null: nowhere. */
  readonly releaseUrl: string | null;
};

export type ConfigInput = {
  /** By flag name without dashes. */
  readonly flags: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isRoot: boolean;
  readonly cores: number;
};

const MAX_DEFAULT_WORKERS = 4;

/** @throws AppError `invalid` with every value that can't be used */
export function readConfig(input: ConfigInput): Config {
  const reader = new OptionReader(input);
  const home = input.env.HOME ?? homedir();
  const dataDir =
    reader.path("data-dir", home) ?? (input.isRoot ? "/var/lib/slipway" : join(home, ".local/share/slipway"));
  const config: Config = {
    dataDir,
    databasePath: reader.path("db", home) ?? join(dataDir, "slipway.db"),
    address: reader.value("addr", parseAddress) ?? { host: null, port: 8080 },
    passfile: reader.path("passfile", home) ?? join(home, ".passfile"),
    driver: reader.choice("driver", ["docker", "memory"]),
    dockerSocket: reader.path("docker-socket", home) ?? "/var/run/docker.sock",
    baseDomain:
      reader
        .text("base-domain")
        ?.toLowerCase()
        .replace(/^\.+|\.+$/g, "") ?? null,
    gatewayWorkers: reader.number("gateway-workers", parseInteger) ?? Math.min(input.cores, MAX_DEFAULT_WORKERS),
    gatewayUser: reader.text("gateway-user") ?? null,
    prefix: reader.value("prefix", parsePrefix) ?? "slipway",
    networkPool: reader.text("network-pool") ?? "",
    trustedProxies: parseList(reader.text("trusted-proxies") ?? ""),
    volumeRoots: reader.value("volume-roots", parseFolders) ?? [],
    pathHost: reader.text("path-host")?.toLowerCase() ?? null,
    networks: parseList(reader.text("networks") ?? ""),
    hostPortAddress: reader.value("host-port-address", parseIp) ?? "127.0.0.1",
    faasoNetwork: reader.value("faaso-network", (text) => (text === "none" ? null : text)) ?? null,
    capabilities: parseList(reader.text("capabilities") ?? "").map((name) => name.toUpperCase().replace(/^CAP_/, "")),
    registry: reader.text("registry")?.replace(/\/+$/, "") ?? null,
    secretsDir: reader.path("secrets-dir", home) ?? "/run/slipway/secrets",
    corsOrigin: reader.text("cors-origin") ?? "*",
    logLevel: reader.choice("log-level", ["debug", "info", "warn", "error"]),
    reconcileIntervalMs: reader.number("reconcile-interval", parseDuration) ?? 0,
    cleanupIntervalMs: reader.number("cleanup-interval", parseDuration) ?? 0,
    drainTimeoutMs: reader.number("drain-timeout", parseDuration) ?? 0,
    uploadLimitBytes: reader.number("upload-limit", parseBytes) ?? 0,
    uploadEntries: reader.number("upload-entries", parseInteger) ?? 0,
    unpackedLimitBytes: reader.number("unpacked-limit", parseBytes) ?? 0,
    unpackRatio: reader.number("unpack-ratio", parseInteger) ?? 0,
    buildTimeoutMs: reader.number("build-timeout", parseDuration) ?? 0,
    buildMemoryBytes: reader.number("build-memory", parseBytes) ?? 0,
    buildParallel: reader.number("build-parallel", parseInteger) ?? input.cores,
    diskWarningBytes: reader.number("disk-warning", parseBytes) ?? 0,
    releaseUrl: reader.value("release-url", parseHttpUrl) ?? null,
  };
  reader.refuseProd();
  reader.finish();
  return Object.freeze(config);
}

class OptionReader {
  readonly #input: ConfigInput;
  readonly #problems: Record<string, string[]> = {};

  constructor(input: ConfigInput) {
    this.#input = input;
    const known = new Set<string>(SERVER_OPTIONS.map((o) => o.name));
    for (const name of Object.keys(input.flags)) if (!known.has(name)) this.#problem(`--${name}`, "is no option");
  }

  text(name: ServerOptionName): string | undefined {
    return this.#find(name)?.text;
  }

  path(name: ServerOptionName, home: string): string | undefined {
    const found = this.#find(name)?.text;
    return found === undefined
      ? undefined
      : resolve(found === "~" || found.startsWith("~/") ? join(home, found.slice(1)) : found);
  }

  value<T>(name: ServerOptionName, parse: (text: string) => T): T | undefined {
    const found = this.#find(name);
    if (found === undefined) return undefined;
    try {
      return parse(found.text);
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      this.#problem(found.origin, error.message);
      return undefined;
    }
  }

  number(name: ServerOptionName, parse: (text: string) => number): number | undefined {
    return this.value(name, (text) => requireBounds(optionOf(name), parse(text)));
  }

  choice<const T extends readonly [string, ...string[]]>(name: ServerOptionName, choices: T): T[number] {
    const value = this.value(name, (text) => {
      if (!choices.includes(text)) throw new OptionError(`${JSON.stringify(text)} is none of ${choices.join(", ")}`);
      return text as T[number];
    });
    return value ?? choices[0];
  }

  refuseProd(): void {
    if (this.#input.env.ENV === "prod") {
      this.#problem(
        "ENV",
        "prod needs certificates, which this version cannot get yet; put a TLS proxy in front and leave ENV unset (docs/operations.md)",
      );
    }
  }

  finish(): void {
    const problems = Object.entries(this.#problems);
    if (problems.length === 0) return;
    throw new AppError(
      "invalid",
      `The configuration has ${problems.length === 1 ? "a value" : "values"} that can't be used:\n${problems.map(([name, why]) => `  ${name}: ${why.join("; ")}`).join("\n")}`,
      {
        fields: this.#problems,
        remedy: "See `slipway help server` or docs/configuration.md.",
      },
    );
  }

  #find(name: ServerOptionName): { readonly text: string; readonly origin: string } | undefined {
    const option = optionOf(name);
    const flag = this.#input.flags[name];
    if (flag !== undefined) return { text: flag, origin: `--${name}` };
    for (const variable of [envNameOf(name), ...(option.alsoEnv ?? [])]) {
      const text = this.#input.env[variable];
      if (text !== undefined && text !== "") return { text, origin: variable };
    }
    return option.fallback === "" ? undefined : { text: option.fallback, origin: `--${name}` };
  }

  #problem(origin: string, message: string): void {
    this.#problems[origin] ??= [];
    this.#problems[origin].push(message);
  }
}

function optionOf(name: ServerOptionName): ServerOption {
  const option: ServerOption | undefined = SERVER_OPTIONS.find((o) => o.name === name);
  if (option === undefined) throw new Error(`no option ${name}`);
  return option;
}

function parsePrefix(text: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,20}$/.test(text))
    throw new OptionError(`${JSON.stringify(text)} is no prefix; use 1 to 21 of a-z, 0-9 and -`);
  return text;
}

function parseHttpUrl(text: string): string {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) throw new OptionError(`${JSON.stringify(text)} is no URL`);
  return text;
}

function parseIp(text: string): string {
  if (isIP(text) === 0) throw new OptionError(`${JSON.stringify(text)} is no IP address`);
  return text;
}

function parseFolders(text: string): readonly string[] {
  return parseList(text).map((folder) => {
    if (!isAbsolute(folder)) throw new OptionError(`${JSON.stringify(folder)} is no absolute path`);
    return resolve(folder);
  });
}
