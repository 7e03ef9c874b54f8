/**
 * The host's own ways to registries (npm, pip, apt, extra certificates) as files that a build mounts while it runs a
 * step. They are build secrets: no layer, no history entry and no environment of the image keeps them. npm's and pip's
 * caches, which name where packages came from, are kept out of layers as well. A Dockerfile that has such a file itself
 * keeps its own: a mounted one would hide it, and could neither be written nor removed.
 */

import type { HostFacts } from "./read-host-facts.ts";

/** BuildKit takes no larger secret. */
const MAX_SECRET_BYTES = 500 * 1024;
const CERTIFICATES_PATH = "/run/slipway-certificates.pem";
/** Below a file system that lives as long as one step, so that not even the empty folder stays in the layer. */
const NPM_CACHE_PATH = "/dev/shm/slipway-npm";
const SOURCES_PATH = "/run/slipway-apt-sources.list";

export type HostSettings = {
  /** Flags for each RUN (empty when there is nothing to hand over) and the contents they mount, by id. */
  forBuild(build: {
    readonly dockerfile: string;
    /** Built on one of our own base images, which are of the host's Debian release. */
    readonly usesOwnBase: boolean;
  }): { readonly flags: string; readonly secrets: Readonly<Record<string, Uint8Array>> };
};

export const NO_HOST_SETTINGS: HostSettings = { forBuild: () => ({ flags: "", secrets: {} }) };

type Target = {
  readonly path: string;
  /** A Dockerfile that speaks of this has its own. */
  readonly unless?: RegExp;
};

type MountedFile = { readonly id: string; readonly targets: readonly Target[]; readonly text: string };

/** A Dockerfile that speaks of caches has its own mind about them. */
const OWN_CACHE = /type=cache|npm_config_cache|PIP_CACHE_DIR|\/\.npm\b|\/\.cache\b/i;

/** What the host's settings mean for a build. Pure. */
export function hostSettingsOf(facts: HostFacts): HostSettings {
  return {
    forBuild({ dockerfile, usesOwnBase }) {
      const hasOwnCaches = OWN_CACHE.test(dockerfile);
      const all = [
        certificates(facts),
        npmrc(facts, hasOwnCaches),
        pipConf(facts, hasOwnCaches),
        ...downloaders(facts),
        ...apt(facts, usesOwnBase),
      ];
      const files = all
        .map((file) => ({ ...file, targets: file.targets.filter(({ unless }) => !unless?.test(dockerfile)) }))
        .filter(({ text, targets }) => text !== "" && targets.length > 0)
        .filter(({ text }) => Buffer.byteLength(text) <= MAX_SECRET_BYTES);
      const mounts = files.flatMap((file) => file.targets.map(({ path }) => mountFlag(file.id, path)));
      const hasCache = files.some(({ text }) => text.includes(NPM_CACHE_PATH));
      return {
        flags: [...mounts, ...(hasCache ? [`--mount=type=tmpfs,target=${NPM_CACHE_PATH}`] : [])].join(" "),
        secrets: Object.fromEntries(files.map((file) => [file.id, Buffer.from(file.text)])),
      };
    },
  };
}

/** Readable for everyone, because a RUN may be another user's; gone when the RUN is over. */
function mountFlag(id: string, target: string): string {
  return `--mount=type=secret,id=${id},target=${target},mode=0444`;
}

function certificates(facts: HostFacts): MountedFile {
  return { id: "slipway-certificates", targets: [{ path: CERTIFICATES_PATH }], text: facts.certificates };
}

/** Once for root and once for all other users of a Node below /usr/local. */
function npmrc(facts: HostFacts, hasOwnCaches: boolean): MountedFile {
  const lines = Object.entries(facts.npm).map(([key, value]) => `${key}=${value}`);
  if (facts.certificates !== "") lines.push(`cafile=${CERTIFICATES_PATH}`);
  // Its cache and its logs name the registry.
  if (lines.length > 0 && !hasOwnCaches) lines.push(`cache=${NPM_CACHE_PATH}`);
  const targets = [
    { path: "/root/.npmrc", unless: /\.npmrc|npm (?:config|set|login|adduser)\b/ },
    { path: "/usr/local/etc/npmrc", unless: /etc\/npmrc/ },
  ];
  return { id: "slipway-npmrc", targets, text: asLines(lines) };
}

function pipConf(facts: HostFacts, hasOwnCaches: boolean): MountedFile {
  const lines = Object.entries(facts.pip).map(([key, value]) => `${key} = ${value.replaceAll("\n", "\n  ")}`);
  if (facts.certificates !== "") lines.push(`cert = ${CERTIFICATES_PATH}`);
  if (lines.length > 0 && !hasOwnCaches) lines.push("no-cache-dir = true");
  return {
    id: "slipway-pip-conf",
    targets: [{ path: "/etc/pip.conf", unless: /pip\.conf|pip3? config\b/ }],
    text: lines.length === 0 ? "" : asLines(["[global]", ...lines]),
  };
}

/**
 * curl and wget of root. Not the system's own bundle: installing `ca-certificates` replaces that file, and could not
 * where something is mounted. Node's fetch and git read no file that would be free for this.
 */
function downloaders({ certificates: bundle }: HostFacts): readonly MountedFile[] {
  const fileOf = (id: string, path: string, unless: RegExp, line: string): MountedFile => ({
    id,
    targets: [{ path, unless }],
    text: bundle === "" ? "" : asLines([line]),
  });
  return [
    fileOf("slipway-curlrc", "/root/.curlrc", /\.curlrc/, `cacert = "${CERTIFICATES_PATH}"`),
    fileOf("slipway-wgetrc", "/root/.wgetrc", /\.wgetrc/, `ca_certificate = ${CERTIFICATES_PATH}`),
  ];
}

/** The host's mirrors only for images of the host's own release: another one's packages are elsewhere. */
function apt(facts: HostFacts, usesOwnBase: boolean): readonly MountedFile[] {
  const hasMirrors = usesOwnBase && facts.aptSources !== "";
  const lines = Object.entries(facts.apt).map(([key, value]) => `${key} ${JSON.stringify(value)};`);
  if (facts.certificates !== "") lines.push(`Acquire::https::CaInfo ${JSON.stringify(CERTIFICATES_PATH)};`);
  if (hasMirrors) lines.push(`Dir::Etc::sourcelist ${JSON.stringify(SOURCES_PATH)};`, 'Dir::Etc::sourceparts "-";');
  return [
    { id: "slipway-apt-conf", targets: [{ path: "/etc/apt/apt.conf.d/99slipway-host" }], text: asLines(lines) },
    { id: "slipway-apt-sources", targets: [{ path: SOURCES_PATH }], text: hasMirrors ? facts.aptSources : "" },
  ];
}

function asLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
