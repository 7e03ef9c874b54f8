/**
 * Runtimes: built-in folders beside the code, uploaded ones in the store with their Dockerfile as a file below
 * `<data directory>/runtimes/`. An uploaded one shadows a built-in of the same name.
 */

import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../domain/clock.ts";
import { AppError, invalidField } from "../domain/errors.ts";
import { requireRuntimeName } from "../domain/names.ts";
import type { Runtime, RuntimeCatalog, RuntimeContext, RuntimeFiles, RuntimeStore } from "../domain/runtime.ts";
import { newId } from "../lib/ids.ts";
import { nearest } from "../lib/nearest.ts";
import { writeFileAtomic } from "../lib/write-file.ts";
import { parseDockerfile } from "./dockerfile.ts";
import { readBuiltInRuntimes, readRuntimeFiles } from "./runtime-folder.ts";

const MAX_DOCKERFILE_BYTES = 1024 * 1024;
/** What an uploaded Dockerfile is taken for, as nothing says otherwise. */
const UPLOADED_DEFAULTS = {
  shape: "dockerfile",
  protocol: "http",
  defaultPort: 8080,
  healthPath: null,
  options: {},
  memoryBytes: null,
  codeFile: null,
  reload: null,
} as const;

export type RuntimeCatalogOptions = {
  readonly store: RuntimeStore;
  /** Folder with one folder per built-in runtime. */
  readonly builtInFolder: string;
  /** Folder of uploaded Dockerfiles; made when it is missing. */
  readonly uploadedFolder: string;
  readonly clock: Pick<Clock, "now">;
};

export class FolderRuntimeCatalog implements RuntimeCatalog {
  readonly #options: RuntimeCatalogOptions;
  readonly #builtIn: ReadonlyMap<string, Runtime>;
  /** Files of uploads whose row is not stored yet. */
  readonly #arriving = new Set<string>();

  private constructor(options: RuntimeCatalogOptions, builtIn: readonly Runtime[]) {
    this.#options = options;
    this.#builtIn = new Map(builtIn.map((runtime) => [runtime.name, runtime]));
  }

  /** Reads what is built in, once. @throws AppError `internal` when a built-in runtime is malformed */
  static async open(options: RuntimeCatalogOptions): Promise<FolderRuntimeCatalog> {
    await mkdir(options.uploadedFolder, { recursive: true, mode: 0o700 });
    return new FolderRuntimeCatalog(options, await readBuiltInRuntimes(options.builtInFolder));
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

  async read(name: string, _context: RuntimeContext): Promise<RuntimeFiles> {
    const runtime = await this.get(name);
    if (runtime.shape === "dockerfile") return { runtime, dockerfile: await this.#readDockerfile(runtime), files: [] };
    const folder = join(this.#folderOf(runtime), runtime.path);
    return { runtime, dockerfile: await this.#readDockerfile(runtime), files: await readRuntimeFiles(folder) };
  }

  async show(name: string): Promise<string> {
    return this.#readDockerfile(await this.get(name));
  }

  /**
   * Keeps a Dockerfile as the runtime `name`, new or in place of an uploaded one. Answers it.
   * @throws AppError `invalid` for the name or a text that is no Dockerfile, `too_large`
   */
  async saveUploaded(name: string, dockerfile: string): Promise<Runtime> {
    requireRuntimeName(name);
    requireDockerfile(dockerfile);
    const { store, uploadedFolder } = this.#options;
    const previous = await store.find(name);
    const path = `${newId()}.dockerfile`;
    this.#arriving.add(path);
    try {
      await writeFileAtomic(join(uploadedFolder, path), dockerfile);
      return await this.#keep(name, path, dockerfile, previous);
    } finally {
      this.#arriving.delete(path);
    }
  }

  async #keep(name: string, path: string, dockerfile: string, previous: Runtime | undefined): Promise<Runtime> {
    const { store, uploadedFolder, clock } = this.#options;
    const now = clock.now();
    const description = /^#\s*(?!\s*(?:syntax|escape|check)\s*=)(\S.*)/i.exec(dockerfile)?.[1]?.trim() ?? "";
    const createdAt = previous?.createdAt ?? now;
    const runtime: Runtime = {
      name,
      origin: "uploaded",
      path,
      description,
      ...UPLOADED_DEFAULTS,
      createdAt,
      updatedAt: now,
    };
    await store.put(runtime);
    if (previous !== undefined) await rm(join(uploadedFolder, previous.path), { force: true });
    return runtime;
  }

  /**
   * Removes an uploaded runtime; a built-in one it shadowed is there again. Whether it is in use is the caller's to ask.
   * @throws AppError `not_found`, `forbidden` for a built-in one
   */
  async deleteUploaded(name: string): Promise<void> {
    const { store, uploadedFolder } = this.#options;
    const uploaded = await store.find(name);
    if (uploaded === undefined) {
      const runtime = await this.get(name);
      throw new AppError(
        "forbidden",
        name === "default"
          ? "Cannot delete default runtime"
          : `Runtime ${runtime.name} is built in and can't be deleted.`,
      );
    }
    await store.remove(name);
    await rm(join(uploadedFolder, uploaded.path), { force: true });
  }

  /** Removes Dockerfiles that no runtime refers to. Answers their file names, sorted. Those of uploads under way stay. */
  async removeUnreferencedFiles(): Promise<readonly string[]> {
    const { store, uploadedFolder } = this.#options;
    const names = (await readdir(uploadedFolder)).filter((name) => name.endsWith(".dockerfile")).sort();
    const referenced = new Set((await store.list()).map((runtime) => runtime.path));
    const removed: string[] = [];
    for (const name of names.filter((n) => !referenced.has(n) && !this.#arriving.has(n))) {
      await rm(join(uploadedFolder, name), { force: true });
      removed.push(name);
    }
    return removed;
  }

  async #readDockerfile(runtime: Runtime): Promise<string> {
    const path = join(this.#folderOf(runtime), runtime.path, runtime.shape === "folder" ? "Dockerfile" : "");
    try {
      return await readFile(path.replace(/\/$/, ""), "utf8");
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
      throw new AppError("not_found", `The Dockerfile of runtime ${runtime.name} is gone.`, {
        cause: error,
        remedy: "Upload the runtime again.",
      });
    }
  }

  #folderOf(runtime: Runtime): string {
    return runtime.origin === "builtin" ? this.#options.builtInFolder : this.#options.uploadedFolder;
  }
}

/** @throws AppError `invalid`, `too_large` */
function requireDockerfile(text: string): void {
  if (Buffer.byteLength(text) > MAX_DOCKERFILE_BYTES) {
    throw new AppError("too_large", "file: a Dockerfile of more than 1 MiB is not taken", {
      fields: { file: ["is larger than 1 MiB"] },
    });
  }
  if (text.includes("\0") || !parseDockerfile(text).some(({ keyword }) => keyword === "FROM")) {
    throw invalidField("file", "this is no Dockerfile: it has no FROM instruction", "Send the Dockerfile as text.");
  }
}
