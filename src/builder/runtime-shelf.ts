/**
 * Where registered runtimes' files lie: `<id>.dockerfile` or the folder `<id>`, each whole before the store names it.
 * Replacing one is a new id in the store; what nobody refers to any more is removed.
 */

import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../domain/clock.ts";
import { AppError, invalidField } from "../domain/errors.ts";
import { requireRuntimeName } from "../domain/names.ts";
import type { Runtime, RuntimeStore } from "../domain/runtime.ts";
import { newId } from "../lib/ids.ts";
import { writeFileAtomic } from "../lib/write-file.ts";
import { parseDockerfile } from "./dockerfile.ts";
import { isArchive, unpackRuntime } from "./runtime-archive.ts";
import { openRuntimeFolder, readRuntimeFiles, readTemplate } from "./runtime-folder.ts";

const MAX_DOCKERFILE_BYTES = 1024 * 1024;
/** Below the folder; emptied at the start. */
const UNPACKING = ".unpacking";
const OWN_ENTRY = /^(?:.+\.dockerfile|[0-9a-f-]{36})$/;
/** What an uploaded Dockerfile is taken for, as nothing says otherwise. */
const DOCKERFILE_DEFAULTS = {
  shape: "dockerfile",
  protocol: "http",
  defaultPort: 8080,
  healthPath: null,
  options: {},
  memoryBytes: null,
  codeFile: null,
  reload: null,
} as const;

export type RuntimeShelfOptions = {
  readonly store: RuntimeStore;
  readonly folder: string;
  readonly clock: Pick<Clock, "now">;
};

export class RuntimeShelf {
  readonly #options: RuntimeShelfOptions;
  /** Entries of uploads whose row is not stored yet. */
  readonly #arriving = new Set<string>();

  constructor(options: RuntimeShelfOptions) {
    this.#options = options;
  }

  /** Removes what a process that was killed had half unpacked. */
  async clear(): Promise<void> {
    await rm(join(this.#options.folder, UNPACKING), { recursive: true, force: true });
  }

  /** @throws AppError `invalid` for the name or a text that is no Dockerfile, `too_large` */
  async putDockerfile(name: string, dockerfile: string): Promise<Runtime> {
    requireRuntimeName(name);
    requireDockerfile(dockerfile);
    const description = /^#\s*(?!\s*(?:syntax|escape|check)\s*=)(\S.*)/i.exec(dockerfile)?.[1]?.trim() ?? "";
    return this.#arrive(`${newId()}.dockerfile`, async (path) => {
      await writeFileAtomic(path, dockerfile);
      return this.#store(name, (row) => ({ ...row, description, ...DOCKERFILE_DEFAULTS }), path);
    });
  }

  /** A Dockerfile, or an archive of a runtime folder. @throws AppError as `putDockerfile`, and for what is wrong in the folder */
  async putFile(name: string, file: string): Promise<Runtime> {
    requireRuntimeName(name);
    if (!(await isArchive(file))) {
      requireSize((await stat(file)).size);
      return this.putDockerfile(name, await readFile(file, "utf8"));
    }
    const { folder } = this.#options;
    const id = newId();
    return this.#arrive(id, async (path) => {
      await mkdir(join(folder, UNPACKING), { recursive: true, mode: 0o700 });
      await unpackRuntime(file, path, join(folder, UNPACKING, id));
      const opened = await openRuntimeFolder(path, { name });
      // What can't be rendered is refused now, not at some function's next build.
      const example = { name: "example", options: {} };
      await readRuntimeFiles(opened, example);
      await readTemplate(opened, example);
      return this.#store(name, (row) => ({ ...opened.runtime, ...row }), path);
    });
  }

  /** False when there was none of that name. */
  async remove(name: string): Promise<boolean> {
    const { store, folder } = this.#options;
    const registered = await store.find(name);
    if (registered === undefined) return false;
    await store.remove(name);
    await rm(join(folder, registered.path), { recursive: true, force: true });
    return true;
  }

  /** Removes entries that no runtime refers to; answers their names, sorted. Those of uploads under way stay. */
  async removeUnreferenced(): Promise<readonly string[]> {
    const { store, folder } = this.#options;
    const names = (await readdir(folder)).filter((name) => OWN_ENTRY.test(name)).sort();
    const referenced = new Set((await store.list()).map((runtime) => runtime.path));
    const removed: string[] = [];
    for (const name of names.filter((n) => !referenced.has(n) && !this.#arriving.has(n))) {
      await rm(join(folder, name), { recursive: true, force: true });
      removed.push(name);
    }
    return removed;
  }

  /** The entry is spared by cleaning up until its row is stored, and gone when that fails. */
  async #arrive(entry: string, put: (path: string) => Promise<Runtime>): Promise<Runtime> {
    const path = join(this.#options.folder, entry);
    this.#arriving.add(entry);
    try {
      return await put(path);
    } catch (error) {
      await rm(path, { recursive: true, force: true });
      throw error;
    } finally {
      this.#arriving.delete(entry);
    }
  }

  async #store(name: string, complete: (row: RuntimeRow) => Runtime, path: string): Promise<Runtime> {
    const { store, folder, clock } = this.#options;
    const previous = await store.find(name);
    const now = clock.now();
    const below = path.slice(folder.length).replace(/^\/+/, "");
    const createdAt = previous?.createdAt ?? now;
    const runtime = complete({ name, origin: "uploaded", path: below, createdAt, updatedAt: now });
    await store.put(runtime);
    if (previous !== undefined) await rm(join(folder, previous.path), { recursive: true, force: true });
    return runtime;
  }
}

type RuntimeRow = Pick<Runtime, "name" | "origin" | "path" | "createdAt" | "updatedAt">;

/** @throws AppError `invalid`, `too_large` */
function requireDockerfile(text: string): void {
  requireSize(Buffer.byteLength(text));
  if (text.includes("\0") || !parseDockerfile(text).some(({ keyword }) => keyword === "FROM")) {
    throw invalidField("file", "this is no Dockerfile: it has no FROM instruction", "Send the Dockerfile as text.");
  }
}

function requireSize(bytes: number): void {
  if (bytes <= MAX_DOCKERFILE_BYTES) return;
  throw new AppError("too_large", "file: a Dockerfile of more than 1 MiB is not taken", {
    fields: { file: ["is larger than 1 MiB"] },
  });
}
