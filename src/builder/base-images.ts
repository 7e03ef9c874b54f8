/**
 * `slipway/base-*`: base images made on this machine from its own Debian mirror and its own Node, for where no registry
 * can be reached. Debian once, the others on top of it. What is there already is left as it is.
 */

import { createReadStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DEFAULT_BUILD_LIMITS } from "../domain/build.ts";
import type { BuildEngine } from "../domain/build-engine.ts";
import type { ImageDriver, ImageInfo } from "../domain/driver.ts";
import { AppError } from "../domain/errors.ts";
import { run } from "../lib/run.ts";
import { BASE_NODE_IMAGE, BASE_PYTHON_IMAGE } from "./base-image-names.ts";
import { type ContextPart, contextTar } from "./context-tar.ts";
import { addRunFlags } from "./dockerfile.ts";
import type { HostSettings } from "./host-settings.ts";

/** Raised when the images are to be made anew. */
const BASE_VERSION = "2";
const MMDEBSTRAP_TIMEOUT_MS = 600_000;

/** What the Debian image is made with. */
export type DebianBaseOptions = {
  readonly engine: BuildEngine;
  readonly images: Pick<ImageDriver, "findImage">;
  readonly hostSettings: HostSettings;
  /** Debian release, e.g. `bookworm`: the host's own where it is Debian. */
  readonly suite: string;
  /** `sources.list` lines to make it from; empty: Debian's own hosts. */
  readonly aptSources: string;
  /** Folder for the root file system while it is made (some 200 MB). */
  readonly workFolder: string;
};

export type BaseImagesOptions = DebianBaseOptions & {
  /** Absolute path of the Node binary the images get. */
  readonly nodePath: string;
  /** Absolute path of the `npm` package's folder. */
  readonly npmFolder: string;
};

export type BaseImage = { readonly image: string; readonly wasThere: boolean; readonly tookMs: number };

/** Makes what is missing. Answers all, in the order they were made. @throws AppError `unavailable`, `build_failed`, `disk_full`, `cancelled` */
export async function buildBaseImages(
  options: BaseImagesOptions,
  onProgress: (line: string) => void,
  signal: AbortSignal,
): Promise<readonly BaseImage[]> {
  const debian = debianImage(options);
  const recipes = [
    { image: debian, make: () => importDebian(options, debian, signal) },
    { image: BASE_NODE_IMAGE, make: () => buildOn(options, nodeRecipe(options, debian), onProgress, signal) },
    { image: BASE_PYTHON_IMAGE, make: () => buildOn(options, pythonRecipe(debian), onProgress, signal) },
  ];
  const made: BaseImage[] = [];
  for (const { image, make } of recipes) {
    const startedAt = performance.now();
    const found = await options.images.findImage(image);
    const wasThere = isPresent(found);
    onProgress(wasThere ? `${image} is there\n` : `making ${image} …\n`);
    if (!wasThere) await make();
    made.push({ image, wasThere, tookMs: Math.round(performance.now() - startedAt) });
  }
  return made;
}

/** The Debian image's name; made first where it is missing. @throws as `buildBaseImages` */
export async function ensureDebianBase(
  options: DebianBaseOptions,
  onProgress: (line: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const image = debianImage(options);
  if (isPresent(await options.images.findImage(image))) return image;
  onProgress(`making ${image} …\n`);
  await importDebian(options, image, signal);
  return image;
}

/** Those of the images that runtimes stand on which are not there, or of an older make. */
export async function missingBaseImages(images: Pick<ImageDriver, "findImage">): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const image of [BASE_NODE_IMAGE, BASE_PYTHON_IMAGE]) {
    if (!isPresent(await images.findImage(image))) missing.push(image);
  }
  return missing;
}

function debianImage({ suite }: DebianBaseOptions): string {
  return `slipway/base-debian:${suite}`;
}

function isPresent(found: ImageInfo | undefined): boolean {
  return found?.labels["slipway.base"] === BASE_VERSION;
}

/** What an image has of Debian's documentation nobody reads in a container; copyright notices stay. */
const SLIMMING = [
  "--dpkgopt=path-exclude=/usr/share/doc/*",
  "--dpkgopt=path-include=/usr/share/doc/*/copyright",
  "--dpkgopt=path-exclude=/usr/share/man/*",
  "--dpkgopt=path-exclude=/usr/share/locale/*",
  "--dpkgopt=path-exclude=/usr/share/info/*",
];

async function importDebian(options: DebianBaseOptions, tag: string, signal: AbortSignal): Promise<void> {
  const work = await mkdtemp(join(options.workFolder, "slipway-base-"));
  try {
    const rootfs = join(work, "rootfs.tar");
    await makeRootfs(options, work, rootfs, signal);
    await options.engine.importImage(createReadStream(rootfs), tag, [
      `LABEL slipway.base=${BASE_VERSION}`,
      'CMD ["bash"]',
    ]);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function makeRootfs(
  options: DebianBaseOptions,
  work: string,
  rootfs: string,
  signal: AbortSignal,
): Promise<void> {
  const { suite } = options;
  const [sources, empty] = [join(work, "sources.list"), join(work, "empty")];
  await writeFile(sources, canonicalSources(suite));
  await writeFile(empty, "");
  // The image names Debian's own hosts wherever it was made from, and neither this machine nor its name server.
  const hooks = [
    `--customize-hook=upload ${sources} /etc/apt/sources.list`,
    `--customize-hook=upload ${empty} /etc/resolv.conf`,
    `--customize-hook=upload ${empty} /etc/hostname`,
  ];
  const mirrors = (options.aptSources === "" ? canonicalSources(suite) : options.aptSources).trim().split("\n");
  const args = ["--variant=minbase", "--include=ca-certificates", ...SLIMMING, ...hooks, suite, rootfs, ...mirrors];
  try {
    const { exitCode, stderr } = await run("mmdebstrap", args, { timeoutMs: MMDEBSTRAP_TIMEOUT_MS, signal, cwd: work });
    if (exitCode === 0) return;
    const logTail = stderr.trim().split("\n").slice(-20).join("\n");
    throw new AppError("build_failed", `mmdebstrap failed with exit code ${exitCode}`, { logTail });
  } catch (error) {
    if (signal.aborted) throw new AppError("cancelled", "Making the base images was cancelled.", { cause: error });
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    throw new AppError("unavailable", "mmdebstrap is missing on this machine.", {
      cause: error,
      remedy: "Install it (`apt-get install mmdebstrap`) and try again.",
    });
  }
}

function canonicalSources(suite: string): string {
  return [
    `deb http://deb.debian.org/debian ${suite} main\n`,
    `deb http://deb.debian.org/debian ${suite}-updates main\n`,
    `deb http://deb.debian.org/debian-security ${suite}-security main\n`,
  ].join("");
}

type Recipe = { readonly image: string; readonly dockerfile: string; readonly parts: readonly ContextPart[] };

function nodeRecipe({ nodePath, npmFolder }: BaseImagesOptions, debian: string): Recipe {
  const dockerfile = `FROM ${debian}
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN useradd --create-home --uid 1000 --shell /bin/bash node \\
 && ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \\
 && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx \\
 && mkdir -p /usr/local/etc && node --version && npm --version
CMD ["node"]
`;
  const parts = [
    { from: nodePath, to: "node" },
    { from: npmFolder, to: "npm" },
  ];
  return { image: BASE_NODE_IMAGE, dockerfile, parts };
}

function pythonRecipe(debian: string): Recipe {
  const dockerfile = `FROM ${debian}
RUN apt-get update \\
 && apt-get install -y --no-install-recommends python3 python3-pip python3-venv \\
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt /var/log/dpkg.log /usr/lib/python3*/EXTERNALLY-MANAGED \\
 && ln -s python3 /usr/bin/python && python --version
CMD ["python3"]
`;
  return { image: BASE_PYTHON_IMAGE, dockerfile, parts: [] };
}

async function buildOn(
  options: BaseImagesOptions,
  recipe: Recipe,
  onProgress: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { flags, secrets } = options.hostSettings.forBuild({ dockerfile: recipe.dockerfile, usesOwnBase: true });
  const build = {
    openContext: ({ withSecrets }: { readonly withSecrets: boolean }) =>
      contextTar(addRunFlags(recipe.dockerfile, withSecrets ? flags : ""), recipe.parts),
    tags: [recipe.image],
    labels: { "slipway.base": BASE_VERSION },
    buildArgs: {},
    secrets,
    noCache: false,
    memoryBytes: DEFAULT_BUILD_LIMITS.memoryBytes,
    cpuMillicores: DEFAULT_BUILD_LIMITS.cpuMillicores,
  };
  await options.engine.build(build, onProgress, signal);
}
