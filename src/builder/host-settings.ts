/**
 * The host's own ways to registries (npm, pip, apt, extra certificates) as files that a build mounts while it runs a
 * step. They are build secrets: no layer, no history entry and no environment of the image keeps them.
 */

import type { HostFacts } from "./read-host-facts.ts";

/** BuildKit takes no larger secret. */
const MAX_SECRET_BYTES = 500 * 1024;
const CERTIFICATES_PATH = "/run/slipway-certificates.pem";
const SOURCES_PATH = "/run/slipway-apt-sources.list";

export type HostSettings = {
  /** Flags for each RUN (empty when there is nothing to hand over) and the contents they mount, by id. */
  forBuild(build: {
    /** Built on one of our own base images, which are of the host's Debian release. */
    readonly usesOwnBase: boolean;
  }): { readonly flags: string; readonly secrets: Readonly<Record<string, Uint8Array>> };
};

export const NO_HOST_SETTINGS: HostSettings = { forBuild: () => ({ flags: "", secrets: {} }) };

type MountedFile = { readonly id: string; readonly targets: readonly string[]; readonly text: string };

/** What the host's settings mean for a build. Pure. */
export function hostSettingsOf(facts: HostFacts): HostSettings {
  return {
    forBuild({ usesOwnBase }) {
      const files = [certificates(facts), npmrc(facts), pipConf(facts), ...apt(facts, usesOwnBase)].filter(
        (file) => file.text !== "" && Buffer.byteLength(file.text) <= MAX_SECRET_BYTES,
      );
      return {
        flags: files.flatMap((file) => file.targets.map((target) => mountFlag(file.id, target))).join(" "),
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
  return { id: "slipway-certificates", targets: [CERTIFICATES_PATH], text: facts.certificates };
}

/** Once for root and once for all other users of a Node below /usr/local. */
function npmrc(facts: HostFacts): MountedFile {
  const lines = Object.entries(facts.npm).map(([key, value]) => `${key}=${value}`);
  if (facts.certificates !== "") lines.push(`cafile=${CERTIFICATES_PATH}`);
  return { id: "slipway-npmrc", targets: ["/root/.npmrc", "/usr/local/etc/npmrc"], text: asLines(lines) };
}

function pipConf(facts: HostFacts): MountedFile {
  const lines = Object.entries(facts.pip).map(([key, value]) => `${key} = ${value.replaceAll("\n", "\n  ")}`);
  if (facts.certificates !== "") lines.push(`cert = ${CERTIFICATES_PATH}`);
  return {
    id: "slipway-pip-conf",
    targets: ["/etc/pip.conf"],
    text: lines.length === 0 ? "" : asLines(["[global]", ...lines]),
  };
}

/** The host's mirrors only for images of the host's own release: another one's packages are elsewhere. */
function apt(facts: HostFacts, usesOwnBase: boolean): readonly MountedFile[] {
  const hasMirrors = usesOwnBase && facts.aptSources !== "";
  const lines = Object.entries(facts.apt).map(([key, value]) => `${key} ${JSON.stringify(value)};`);
  if (facts.certificates !== "") lines.push(`Acquire::https::CaInfo ${JSON.stringify(CERTIFICATES_PATH)};`);
  if (hasMirrors) lines.push(`Dir::Etc::sourcelist ${JSON.stringify(SOURCES_PATH)};`, 'Dir::Etc::sourceparts "-";');
  return [
    { id: "slipway-apt-conf", targets: ["/etc/apt/apt.conf.d/99slipway-host"], text: asLines(lines) },
    { id: "slipway-apt-sources", targets: [SOURCES_PATH], text: hasMirrors ? facts.aptSources : "" },
  ];
}

function asLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
