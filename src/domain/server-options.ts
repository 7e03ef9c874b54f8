/**
 * Every option of the server, once: flags, environment variables, defaults and their meaning. The help of
 * `slipway server`, the reading in src/main/config.ts and docs/configuration.md all come from here.
 */

export type OptionKind = "text" | "path" | "address" | "integer" | "duration" | "bytes" | "list" | "choice";

export type ServerOption = {
  /** The flag without dashes; the variable is `SLIPWAY_` and the name in capitals with `_`. */
  readonly name: string;
  readonly kind: OptionKind;
  /** What stands for the value in the help. */
  readonly value: string;
  readonly help: string;
  /** In the words a person would type; empty: none, or decided by the machine (then the help says how). */
  readonly fallback: string;
  /** Further variables that are read, after the own one. */
  readonly alsoEnv?: readonly string[];
  readonly choices?: readonly string[];
  readonly min?: number;
  readonly max?: number;
};

export const SERVER_OPTIONS = [
  {
    name: "data-dir",
    kind: "path",
    value: "folder",
    help: "where everything is kept (default: /var/lib/slipway for root, else ~/.local/share/slipway)",
    fallback: "",
  },
  {
    name: "db",
    kind: "path",
    value: "file",
    help: "the database file (default: slipway.db in the data folder)",
    fallback: "",
  },
  {
    name: "addr",
    kind: "address",
    value: "host:port",
    help: "public address; port 0 picks a free one",
    fallback: ":8080",
  },
  { name: "passfile", kind: "path", value: "file", help: "the file with the passkey", fallback: "~/.passfile" },
  {
    name: "driver",
    kind: "choice",
    value: "name",
    help: "what runs instances",
    fallback: "docker",
    choices: ["docker", "memory"],
  },
  {
    name: "docker-socket",
    kind: "path",
    value: "file",
    help: "the Docker engine's socket",
    fallback: "/var/run/docker.sock",
  },
  {
    name: "base-domain",
    kind: "text",
    value: "domain",
    help: "functions answer at <name>.<domain> (default: any domain)",
    fallback: "",
  },
  {
    name: "gateway-workers",
    kind: "integer",
    value: "count",
    help: "processes that forward requests (default: cores, 4 at most)",
    fallback: "",
    min: 1,
    max: 64,
  },
  {
    name: "gateway-user",
    kind: "text",
    value: "name",
    help: "user those processes run as, when root starts the server (default: root itself)",
    fallback: "",
  },
  {
    name: "prefix",
    kind: "text",
    value: "name",
    help: "start of every name on the engine; another one for a second server on one engine",
    fallback: "slipway",
  },
  {
    name: "network-pool",
    kind: "text",
    value: "cidr",
    help: "addresses the projects' networks are taken from, a /24 each",
    fallback: "10.210.0.0/16",
  },
  {
    name: "trusted-proxies",
    kind: "list",
    value: "cidrs",
    help: "peers whose X-Forwarded-* headers are believed, separated by commas",
    fallback: "",
  },
  {
    name: "volume-roots",
    kind: "list",
    value: "folders",
    help: "host folders that volumes may come from, besides the managed one",
    fallback: "",
  },
  {
    name: "path-host",
    kind: "text",
    value: "host",
    help: "a host of their own for /funko/<name>/ and /faaso/<name>/, where pages need no sandbox",
    fallback: "",
  },
  {
    name: "networks",
    kind: "list",
    value: "names",
    help: "networks that functions may join, besides the naming convention's",
    fallback: "",
  },
  {
    name: "host-port-address",
    kind: "text",
    value: "address",
    help: "address of the host that host ports of services are bound to; 0.0.0.0: all",
    fallback: "127.0.0.1",
  },
  {
    name: "faaso-network",
    kind: "text",
    value: "name",
    help: "network whose containers faaso-<name> are adopted as functions; `none` turns that off",
    fallback: "faaso-net",
  },
  {
    name: "capabilities",
    kind: "list",
    value: "names",
    help: "Linux capabilities that functions may keep, such as NET_BIND_SERVICE",
    fallback: "",
  },
  {
    name: "registry",
    kind: "text",
    value: "host/prefix",
    help: "where images are pushed after a build and pulled from when they are gone (default: nowhere)",
    fallback: "",
  },
  {
    name: "secrets-dir",
    kind: "path",
    value: "folder",
    help: "where secrets lie for running instances; must be, or is made, a tmpfs",
    fallback: "/run/slipway/secrets",
  },
  {
    name: "cors-origin",
    kind: "text",
    value: "origin",
    help: "origin that browsers may call the API from",
    fallback: "*",
  },
  {
    name: "log-level",
    kind: "choice",
    value: "level",
    help: "least severe entries that are logged",
    fallback: "info",
    choices: ["debug", "info", "warn", "error"],
  },
  {
    name: "reconcile-interval",
    kind: "duration",
    value: "duration",
    help: "time between two sweeps over all services",
    fallback: "30s",
    alsoEnv: ["RESTART_INTERVAL"],
    min: 100,
  },
  {
    name: "cleanup-interval",
    kind: "duration",
    value: "duration",
    help: "time between two clean-ups of files nobody refers to",
    fallback: "120s",
    alsoEnv: ["CLEANUP_INTERVAL"],
    min: 100,
  },
  {
    name: "drain-timeout",
    kind: "duration",
    value: "duration",
    help: "longest time requests under way may take when their instance is to stop",
    fallback: "30s",
    min: 0,
  },
  { name: "upload-limit", kind: "bytes", value: "size", help: "largest upload", fallback: "256MiB", min: 1024 },
  {
    name: "upload-entries",
    kind: "integer",
    value: "count",
    help: "most files in an upload",
    fallback: "20000",
    min: 1,
  },
  {
    name: "unpacked-limit",
    kind: "bytes",
    value: "size",
    help: "largest size of an unpacked upload",
    fallback: "1GiB",
    min: 1024,
  },
  {
    name: "unpack-ratio",
    kind: "integer",
    value: "ratio",
    help: "largest unpacked over packed size",
    fallback: "100",
    min: 2,
  },
  {
    name: "build-timeout",
    kind: "duration",
    value: "duration",
    help: "longest time of one build",
    fallback: "10m",
    min: 1000,
  },
  { name: "build-memory", kind: "bytes", value: "size", help: "memory of one build", fallback: "2GiB", min: 67108864 },
  {
    name: "build-parallel",
    kind: "integer",
    value: "count",
    help: "builds at the same time (default: cores)",
    fallback: "",
    min: 1,
    max: 64,
  },
  {
    name: "disk-warning",
    kind: "bytes",
    value: "size",
    help: "free disk space below which the log and /metrics warn",
    fallback: "2GiB",
    min: 0,
  },
  {
    name: "release-url",
    kind: "text",
    value: "url",
    help: "where new versions are announced: GitHub's latest release, or a document of that kind (default: nowhere)",
    fallback: "",
  },
] as const satisfies readonly ServerOption[];

export type ServerOptionName = (typeof SERVER_OPTIONS)[number]["name"];

/** The environment variable of an option. */
export function envNameOf(name: string): string {
  return `SLIPWAY_${name.toUpperCase().replaceAll("-", "_")}`;
}
