/**
 * The build context: the runtime's files below, the source on top, the Dockerfile that applies. Nothing is laid out on
 * disk; the tar is made while the engine reads it, so there is no staging to clean.
 */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { extract, type Pack } from "tar-stream";
import { AppError } from "../domain/errors.ts";
import type { ContextFile, RuntimeFiles } from "../domain/runtime.ts";
import type { SourceFiles } from "../domain/source.ts";
import { parseIgnoreRules } from "../lib/ignore-rules.ts";
import { addRunFlags } from "./dockerfile.ts";
import { streamTar } from "./stream-tar.ts";
import { addToTar, PINNED_HEADER, readTarEntry, type TarEntry, tarContent } from "./tar-entry.ts";

/** Raised when the same inputs are to give another image. */
const STAGE_VERSION = 1;

export type Stage = {
  readonly sourceId: string;
  readonly sourceTarPath: string;
  /** As written, before anything is added to it. */
  readonly dockerfile: string;
  /** `runtime`: the runtime's; `source`: the source brings its own. */
  readonly dockerfileOrigin: "runtime" | "source";
  /** Files of the runtime that the source does not replace. */
  readonly runtimeFiles: readonly ContextFile[];
  readonly isIgnored: (path: string) => boolean;
};

/**
 * Decides what goes into the context. The source's Dockerfile wins over a runtime folder's; a runtime that is a bare
 * Dockerfile wins over the source's.
 * @throws AppError `not_found` (source), `build_failed` when no Dockerfile applies
 */
export async function planStage(
  sources: SourceFiles,
  sourceId: string,
  runtime: RuntimeFiles | undefined,
): Promise<Stage> {
  const sourceTarPath = await sources.tarPath(sourceId);
  const survey = await surveySource(sourceTarPath);
  const isRuntimes =
    runtime !== undefined && (runtime.runtime.shape === "dockerfile" || survey.dockerfile === undefined);
  const dockerfile = isRuntimes ? runtime.dockerfile : survey.dockerfile;
  if (dockerfile === undefined) {
    throw new AppError("build_failed", "The source has no Dockerfile in its root and no runtime was named.", {
      remedy: "Add a Dockerfile, or choose a runtime such as node, python or static.",
    });
  }
  const ignoreRules = parseIgnoreRules(survey.ignoreFile ?? "");
  return {
    sourceId,
    sourceTarPath,
    dockerfile,
    dockerfileOrigin: isRuntimes ? "runtime" : "source",
    runtimeFiles: (runtime?.files ?? []).filter((file) => !survey.paths.has(file.path)),
    // As Docker has it, the ignore file itself is part of the context, whatever it says.
    isIgnored: (path) => path !== ".dockerignore" && ignoreRules.isIgnored(path, false),
  };
}

/**
 * SHA-256 (hex) over all that decides the image. `bases` are the ids of the images it builds on, by reference;
 * `secretVersions` stand for the contents of its secrets, which no hash is made of.
 */
export function contentHashOf(
  stage: Stage,
  buildArgs: Readonly<Record<string, string>>,
  bases: Readonly<Record<string, string>>,
  secretVersions: Readonly<Record<string, string>> = {},
): string {
  const files = stage.runtimeFiles.map((file) => [file.path, file.mode, sha256(file.content)]);
  const parts = [STAGE_VERSION, stage.sourceId, stage.dockerfile, files, sorted(buildArgs), sorted(bases)];
  const secrets = Object.keys(secretVersions).length === 0 ? [] : [sorted(secretVersions)];
  return sha256(JSON.stringify([...parts, ...secrets]));
}

/**
 * A flag for RUN instructions that differs with the versions of the secrets: the engine's cache knows nothing of their
 * contents, and would answer with what the old ones gave. It mounts an empty folder that lives as long as the step.
 */
export function cacheBreaker(secretVersions: Readonly<Record<string, string>>): string {
  if (Object.keys(secretVersions).length === 0) return "";
  const version = sha256(JSON.stringify(sorted(secretVersions))).slice(0, 16);
  return `--mount=type=tmpfs,target=/dev/shm/slipway-${version}`;
}

/** The context as a tar, the same bytes for the same stage. `runFlags` are added to each RUN instruction. */
export function openStage(stage: Stage, runFlags: string): AsyncGenerator<Uint8Array> {
  return streamTar((tar) => fillStage(tar, stage, runFlags));
}

async function fillStage(tar: Pack, stage: Stage, runFlags: string): Promise<void> {
  const dockerfile = Buffer.from(addRunFlags(stage.dockerfile, runFlags));
  await addFile(tar, { path: "Dockerfile", mode: 0o644, content: dockerfile });
  for (const file of stage.runtimeFiles) if (file.path !== "Dockerfile") await addFile(tar, file);
  for await (const entry of openTar(stage.sourceTarPath)) {
    const { name, type, mode, linkname, size } = entry.header;
    if (name === "Dockerfile" || stage.isIgnored(name)) {
      entry.resume();
      continue;
    }
    const header = { ...PINNED_HEADER, name, type, mode, size, ...(type === "symlink" && { linkname }) };
    if (size === 0) entry.resume();
    await addToTar(tar, header, size === 0 ? undefined : tarContent(entry));
  }
  tar.finalize();
}

function addFile(tar: Pack, file: ContextFile): Promise<void> {
  const header = {
    ...PINNED_HEADER,
    name: file.path,
    type: "file" as const,
    mode: file.mode,
    size: file.content.length,
  };
  return addToTar(tar, header, once(file.content));
}

async function* once(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}

type Survey = { readonly paths: ReadonlySet<string>; readonly dockerfile?: string; readonly ignoreFile?: string };

async function surveySource(tarPath: string): Promise<Survey> {
  const paths = new Set<string>();
  const texts = new Map<string, string>();
  for await (const entry of openTar(tarPath)) {
    const { name, type } = entry.header;
    paths.add(name);
    if (type === "file" && (name === "Dockerfile" || name === ".dockerignore")) {
      texts.set(name, (await readTarEntry(entry)).toString());
    } else entry.resume();
  }
  const dockerfile = texts.get("Dockerfile");
  const ignoreFile = texts.get(".dockerignore");
  return { paths, ...(dockerfile !== undefined && { dockerfile }), ...(ignoreFile !== undefined && { ignoreFile }) };
}

async function* openTar(path: string): AsyncGenerator<TarEntry> {
  const tar = extract();
  const file = createReadStream(path);
  file.on("error", (error) => tar.destroy(error));
  file.pipe(tar);
  try {
    for await (const entry of tar) yield entry;
  } finally {
    file.destroy();
  }
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function sorted(record: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}
