/** Runtimes for the local workshop: the built-in ones, and any folder. */

import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { pipeline, Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { readBuiltInRuntimes } from "../builder/runtime-built-in.ts";
import {
  hasTemplate,
  openRuntimeFolder,
  type RuntimeFolder,
  readRuntimeFiles,
  readTemplate,
} from "../builder/runtime-folder.ts";
import { openStage, planStage } from "../builder/stage.ts";
import { AppError } from "../domain/errors.ts";
import type { ContextFile, Runtime, RuntimeContext, RuntimeFiles } from "../domain/runtime.ts";
import type { LocalRuntimes, RuntimeSummary, StagedFolder } from "../domain/workshop.ts";
import { nearest } from "../lib/nearest.ts";
import type { LocalSources } from "./local-sources.ts";

const BUILT_IN_FOLDER = join(import.meta.dirname, "../runtimes");
const MIB = 1_048_576;

export class FolderLocalRuntimes implements LocalRuntimes {
  readonly #openSources: () => Promise<LocalSources>;
  #builtIn: Promise<readonly Runtime[]> | undefined;

  constructor(openSources: () => Promise<LocalSources>) {
    this.#openSources = openSources;
  }

  async list(): Promise<readonly RuntimeSummary[]> {
    const runtimes = (await this.#readBuiltIn()).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return runtimes.map(({ name, description }) => ({ name, description }));
  }

  async openTemplate(
    runtime: string,
    { name, cwd }: { readonly name: string; readonly cwd: string },
  ): Promise<readonly ContextFile[]> {
    const opened = await this.#open(runtime, [cwd]);
    if (!hasTemplate(opened)) {
      throw new AppError("not_found", `The runtime ${runtime} has no template to start from.`, {
        remedy: `Write the function's files yourself, with \`runtime: ${runtime}\` in slipway.yml.`,
      });
    }
    return readTemplate(opened, { name, options: {} });
  }

  async stageFolder(folder: string, runtimeFolder: string, context: RuntimeContext): Promise<StagedFolder> {
    const { files } = await this.#openSources();
    const opened = await openRuntimeFolder(runtimeFolder);
    const { sourceId } = await (await this.#openSources()).importFolder(folder);
    const stage = await planStage(files, sourceId, await readRuntimeFiles(opened, context));
    const { defaultPort, memoryBytes } = opened.runtime;
    return {
      open: () => pipeline(Readable.from(openStage(stage, "")), createGzip(), () => undefined),
      // Not its health path: in a manifest that would be a promise of the function's own.
      defaults: {
        runtime: null,
        port: defaultPort,
        ...(memoryBytes !== null && { resources: { memoryMb: Math.round(memoryBytes / MIB) } }),
      },
    };
  }

  /**
   * A built-in runtime's files, or a folder's; `folders` are where a relative path is looked for, in this order.
   * @throws AppError `not_found`, `invalid`
   */
  async read(runtime: string, folders: readonly string[], context: RuntimeContext): Promise<RuntimeFiles> {
    return readRuntimeFiles(await this.#open(runtime, folders), context);
  }

  async #open(runtime: string, folders: readonly string[]): Promise<RuntimeFolder> {
    const builtIn = runtime.includes("/")
      ? undefined
      : (await this.#readBuiltIn()).find(({ name }) => name === runtime);
    if (builtIn !== undefined) {
      const opened = await openRuntimeFolder(join(BUILT_IN_FOLDER, builtIn.path), { ...builtIn });
      return { ...opened, runtime: builtIn };
    }
    for (const folder of folders) {
      const path = resolve(folder, runtime);
      if (await isFolder(path)) return openRuntimeFolder(path, { name: basename(path) });
    }
    throw await this.#unknown(runtime);
  }

  #readBuiltIn(): Promise<readonly Runtime[]> {
    this.#builtIn ??= readBuiltInRuntimes(BUILT_IN_FOLDER);
    return this.#builtIn;
  }

  async #unknown(runtime: string): Promise<AppError> {
    const known = (await this.list()).map(({ name }) => name);
    const close = nearest(runtime, known);
    return new AppError("not_found", `There is no runtime ${runtime}: it is neither built in nor a folder here.`, {
      fields: { runtime: [`${JSON.stringify(runtime)} is not known`] },
      remedy: `${close === undefined ? "" : `Did you mean ${close}? `}Built in: ${known.join(", ")}.`,
    });
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
