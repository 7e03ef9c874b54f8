/** What of npm's, pip's and apt's settings a build may have: where packages come from and how to get there. Pure. */

type Env = Readonly<Record<string, string | undefined>>;

const NPM_KEYS = ["registry", "proxy", "https-proxy", "noproxy", "strict-ssl"];

/**
 * npm's settings from rc files (weakest first) and the environment. Credentials only for the registry itself: a build
 * has no business with any other.
 */
export function npmFacts(
  files: readonly string[],
  env: Env,
): { readonly settings: Readonly<Record<string, string>>; readonly cafile: string | undefined } {
  const all = new Map<string, string>();
  for (const [key, value] of files.flatMap(readIni)) all.set(key, fillEnv(value, env));
  for (const [name, value] of Object.entries(env)) {
    const key = /^npm_config_(.+)$/i.exec(name)?.[1]?.toLowerCase().replaceAll("_", "-");
    if (key !== undefined && value !== undefined) all.set(key, value);
  }
  const registryHost = (all.get("registry") ?? "").replace(/^https?:/, "").replace(/\/*$/, "/");
  const isWanted = (key: string): boolean =>
    NPM_KEYS.includes(key) ||
    /^@[^:]+:registry$/.test(key) ||
    (registryHost !== "/" && key.startsWith(`${registryHost}:`));
  return { settings: Object.fromEntries([...all].filter(([key]) => isWanted(key))), cafile: all.get("cafile") };
}

const PIP_KEYS = ["index-url", "extra-index-url", "trusted-host", "proxy", "timeout"];

/** pip's settings; indexes in local folders are left out, as a build can't see them. */
export function pipFacts(files: readonly string[], env: Env): Readonly<Record<string, string>> {
  const all = new Map(files.flatMap(readIni));
  for (const key of PIP_KEYS) {
    const value = env[`PIP_${key.toUpperCase().replaceAll("-", "_")}`];
    if (value !== undefined) all.set(key, value);
  }
  const settings = PIP_KEYS.map((key) => [key, withoutLocal(all.get(key) ?? "")] as const);
  return Object.fromEntries(settings.filter(([, value]) => value !== ""));
}

function withoutLocal(value: string): string {
  return value
    .split(/\s+/)
    .filter((word) => word !== "" && !word.startsWith("file:"))
    .join("\n");
}

const APT_KEYS =
  /^Acquire::(?:(?:https?|ftp)::(?:Proxy|Timeout)(?:::[^:]+)?|Check-Valid-Until|Check-Date|Retries|ForceIPv4)$/i;

/** apt's settings out of `apt-config dump`. */
export function aptFacts(dump: string): Readonly<Record<string, string>> {
  const found = dump.split("\n").flatMap((line) => {
    const [, key = "", value = ""] = /^(\S+) "(.*)";$/.exec(line) ?? [];
    return APT_KEYS.test(key) && value !== "" ? [[key, value] as const] : [];
  });
  return Object.fromEntries(found);
}

/** `key = value` lines of an rc or ini file; an indented line goes on with the value above. Sections are not told apart. */
function readIni(text: string): readonly (readonly [string, string])[] {
  const pairs: [string, string][] = [];
  for (const line of text.split(/\r?\n/)) {
    const last = pairs.at(-1);
    if (/^\s+\S/.test(line) && last !== undefined) {
      last[1] = `${last[1]}\n${line.trim()}`;
      continue;
    }
    const [, key, value] = /^([^#;=[\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) pairs.push([key, value.replace(/^"(.*)"$/, "$1")]);
  }
  return pairs;
}

function fillEnv(value: string, env: Env): string {
  return value.replace(/\$\{(\w+)\}/g, (whole, name: string) => env[name] ?? whole);
}
