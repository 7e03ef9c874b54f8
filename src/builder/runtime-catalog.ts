/**
 * Runtimes: built-in folders beside the code, registered ones in the store with their files below
 * `<data directory>/runtimes/`: a Dockerfile alone, or a folder. A registered one shadows a built-in of the same name.
 */

import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../domain/clock.ts";
import { AppError, isAppError } from "../domain/errors.ts";
import type {
  ContextFile,
  Runtime,
  RuntimeCatalog,
  RuntimeContext,
  RuntimeDetails,
  RuntimeFiles,
  RuntimeStore,
} from "../domain/runtime.ts";
import { nearest } from "../lib/nearest.ts";
import { packFiles } from "./runtime-archive.ts";
import { readBuiltInRuntimes } from "./runtime-built-in.ts";
import {
  hasTemplate,
  openRuntimeFolder,
  type RuntimeFolder,
  readRawFiles,
  readRuntimeFiles,
  readTemplate,
} from "./runtime-folder.ts";
import { RuntimeShelf } from "./runtime-shelf.ts";

export type RuntimeCatalogOptions = {
  readonly store: RuntimeStore;
  /** Folder with one folder per built-in runtime. */
  readonly builtInFolder: string;
  /** Folder of registered runtimes' files; made when it is missing. */
  readonly uploadedFolder: string;
  readonly clock: Pick<Clock, "now">;
};

export class FolderRuntimeCatalog implements RuntimeCatalog {
  readonly #options: RuntimeCatalogOptions;
  readonly #builtIn: ReadonlyMap<string, Runtime>;
  readonly #shelf: RuntimeShelf;

  private constructor(options: RuntimeCatalogOptions, builtIn: readonly Runtime[]) {
    this.#options = options;
    this.#builtIn = new Map(builtIn.map((runtime) => [runtime.name, runtime]));
    this.#shelf = new RuntimeShelf({ store: options.store, folder: options.uploadedFolder, clock: options.clock });
  }

  /** Reads what is built in, once. @throws AppError `internal` when a built-in runtime is malformed */
  static async open(options: RuntimeCatalogOptions): Promise<FolderRuntimeCatalog> {
    await mkdir(options.uploadedFolder, { recursive: true, mode: 0o700 });
    const catalog = new FolderRuntimeCatalog(options, await readBuiltInRuntimes(options.builtInFolder));
    await catalog.#shelf.clear();
    return catalog;
  }

  async get(name: string): Promise<Runtime> {
    const runtime = (await this.#options.store.find(name)) ?? this.#builtIn.get(name);
    if (runtime !== undefined) return runtime;
    const known = (await this.list()).map((r) => r.name);
    const close = nearest(name, known);
    throw new AppError("not_found", "Runtime not found", {
      fields: { runtime: [`${JSON.stringify(name)} is not known`] },
      remedy: `${close === undefined ? "" : `Did you mean ${close}? `}Known runtimes: ${known.join(", ")}.`,
    });
  }

  async list(): Promise<readonly Runtime[]> {
    const uploaded = await this.#options.store.list();
    const all = new Map([...this.#builtIn, ...uploaded.map((r) => [r.name, r] as const)]);
    return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  read(name: string, context: RuntimeContext): Promise<RuntimeFiles> {
    return this.#withFiles(name, {
      dockerfile: (runtime, dockerfile) => ({ runtime, dockerfile, files: [] }),
      folder: (opened) => readRuntimeFiles(opened, context),
    });
  }

  show(name: string): Promise<string> {
    return this.#withFiles(name, {
      dockerfile: (_, dockerfile) => dockerfile,
      folder: ({ folder, dockerfileName }) => readFile(join(folder, dockerfileName), "utf8"),
    });
  }

  details(name: string): Promise<RuntimeDetails> {
    return this.#withFiles(name, {
      dockerfile: (_, content) => ({ content, paths: ["Dockerfile"], hasTemplate: false }),
      folder: async (opened) => ({
        content: await readFile(join(opened.folder, opened.dockerfileName), "utf8"),
        paths: opened.paths,
        hasTemplate: hasTemplate(opened),
      }),
    });
  }

  template(name: string, context: RuntimeContext): Promise<readonly ContextFile[]> {
    return this.#withFiles(name, { dockerfile: () => [], folder: (opened) => readTemplate(opened, context) });
  }

  async archive(name: string): Promise<AsyncIterable<Uint8Array>> {
    return packFiles(
      await this.#withFiles(name, {
        dockerfile: (_, text) => [{ path: "Dockerfile", mode: 0o644, content: Buffer.from(text) }],
        folder: readRawFiles,
      }),
    );
  }

  /**
   * Keeps a Dockerfile as the runtime `name`, new or in place of a registered one. Answers it.
   * @throws AppError `invalid` for the name or a text that is no Dockerfile, `too_large`
   */
  saveUploaded(name: string, dockerfile: string): Promise<Runtime> {
    return this.#shelf.putDockerfile(name, dockerfile);
  }

  /**
   * Keeps the file at `path`, a Dockerfile or an archive of a runtime folder, as the runtime `name`, as `saveUploaded`.
   * @throws AppError `invalid` also naming what is wrong in the folder: file, key or line
   */
  saveFile(name: string, path: string): Promise<Runtime> {
    return this.#shelf.putFile(name, path);
  }

  /**
   * Removes a registered runtime; a built-in one it shadowed is there again. Whether it is in use is the caller's to ask.
   * @throws AppError `not_found`, `forbidden` for a built-in one
   */
  async deleteUploaded(name: string): Promise<void> {
    if (await this.#shelf.remove(name)) return;
    const runtime = await this.get(name);
    throw new AppError(
      "forbidden",
      name === "default"
        ? "Cannot delete default runtime"
        : `Runtime ${runtime.name} is built in and can't be deleted.`,
    );
  }

  /** Removes files that no runtime refers to. Answers their names, sorted. Those of uploads under way stay. */
  removeUnreferencedFiles(): Promise<readonly string[]> {
    return this.#shelf.removeUnreferenced();
  }

  /** Hands the runtime's files to the reader of its shape; once more when they were replaced while it read them. */
  async #withFiles<T>(name: string, readers: FileReaders<T>): Promise<T> {
    const runtime = await this.get(name);
    try {
      return await this.#readWith(runtime, readers);
    } catch (error) {
      const now = await this.get(name);
      if (now.path !== runtime.path) return this.#readWith(now, readers);
      throw this.#translated(runtime, error);
    }
  }

  async #readWith<T>(runtime: Runtime, readers: FileReaders<T>): Promise<T> {
    const { builtInFolder, uploadedFolder } = this.#options;
    const path = join(runtime.origin === "builtin" ? builtInFolder : uploadedFolder, runtime.path);
    if (runtime.shape === "dockerfile") return readers.dockerfile(runtime, await readFile(path, "utf8"));
    const { name, origin, path: below, createdAt, updatedAt } = runtime;
    return readers.folder(await openRuntimeFolder(path, { name, origin, path: below, createdAt, updatedAt }));
  }

  #translated(runtime: Runtime, error: unknown): unknown {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || isAppError(error, "not_found")) {
      const what = runtime.shape === "dockerfile" ? "Dockerfile" : "folder";
      return new AppError("not_found", `The ${what} of runtime ${runtime.name} is gone.`, {
        cause: error,
        remedy: "Upload the runtime again.",
      });
    }
    if (!isAppError(error, "invalid")) return error;
    const { fields, remedy } = error;
    return new AppError("invalid", `Runtime ${runtime.name}: ${error.message}`, {
      cause: error,
      ...(fields !== undefined && { fields }),
      ...(remedy !== undefined && { remedy }),
    });
  }
}

type FileReaders<T> = {
  dockerfile(runtime: Runtime, text: string): T | Promise<T>;
  folder(opened: RuntimeFolder): T | Promise<T>;
};
