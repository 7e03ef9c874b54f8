/**
 * Tells when something in a folder changes, under the same ignore rules as an upload. One watch per folder that counts
 * (none in .git or node_modules); where the system has no watches left, the folder is looked at every second instead.
 */

import { type FSWatcher, watch } from "node:fs";
import { lstat } from "node:fs/promises";
import { basename, join } from "node:path";
import { listFolder } from "../cli/source-folder.ts";
import { changeBetween, type FolderChange, type FolderSnapshot, joinChanges } from "./local-dev-plan.ts";

/** Quiet after the last event before the folder is looked at, in milliseconds: editors write in several steps. */
const DEBOUNCE_MS = 40;
const POLL_MS = 1_000;

export type FolderWatchOptions = {
  readonly folder: string;
  /** Gets what changed since the last time; never called while the folder is being read. */
  readonly onChange: (change: FolderChange) => void;
  /** The folder can't be read now, or not be watched; watching goes on. */
  readonly onTrouble: (error: unknown) => void;
};

export class FolderWatch {
  readonly #options: FolderWatchOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  #snapshot: FolderSnapshot = new Map();
  #timer: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;
  #isReading = false;
  #isStale = false;
  #isInTrouble = false;
  #isClosed = false;

  private constructor(options: FolderWatchOptions) {
    this.#options = options;
  }

  /** Watches from now on. @throws AppError `invalid` when the folder can't be read */
  static async open(options: FolderWatchOptions): Promise<FolderWatch> {
    const folderWatch = new FolderWatch(options);
    try {
      folderWatch.#isReading = true;
      folderWatch.#snapshot = await folderWatch.#read();
      folderWatch.#isReading = false;
      folderWatch.#soon();
      return folderWatch;
    } catch (error) {
      folderWatch.close();
      throw error;
    }
  }

  /** What is there, as it was last seen. */
  get snapshot(): FolderSnapshot {
    return this.#snapshot;
  }

  /** Idempotent. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#poll);
    this.#closeWatchers();
  }

  #closeWatchers(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #soon(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), DEBOUNCE_MS);
  }

  async #look(): Promise<void> {
    if (this.#isReading) {
      this.#isStale = true;
      return;
    }
    this.#isReading = true;
    try {
      const after = await this.#read();
      const change = changeBetween(this.#snapshot, after);
      this.#snapshot = after;
      this.#isInTrouble = false;
      if (change !== undefined && !this.#isClosed) this.#options.onChange(change);
    } catch (error) {
      if (!this.#isClosed) this.#wait(error);
    } finally {
      this.#isReading = false;
      if (this.#isStale) this.#soon();
      this.#isStale = false;
    }
  }

  /** Of a folder that is away no watch tells when it is back. What is wrong is told once. */
  #wait(error: unknown): void {
    if (!this.#isInTrouble) this.#options.onTrouble(error);
    this.#isInTrouble = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), POLL_MS);
  }

  /** Also sets watches on folders that are new, and takes away those on folders that are gone. */
  async #read(): Promise<FolderSnapshot> {
    const { folder } = this.#options;
    const { entries } = await listFolder(folder);
    const folders = new Set(["", ...entries.filter(({ kind }) => kind === "directory").map(({ path }) => path)]);
    for (const path of this.#watchers.keys()) if (!folders.has(path)) this.#unwatch(path);
    for (const path of folders) this.#watchFolder(path);
    const marks = await Promise.all(
      entries.map(async ({ path, kind, mode, target = "" }): Promise<readonly [string, string] | undefined> => {
        // What a folder holds stands for itself.
        if (kind === "directory") return [path, `directory ${mode}`];
        const found = await lstat(join(folder, path)).catch(() => undefined);
        if (found === undefined) return undefined;
        return [path, `${kind} ${mode} ${target} ${found.size} ${found.mtimeMs} ${found.ctimeMs} ${found.ino}`];
      }),
    );
    return new Map(marks.filter((mark) => mark !== undefined));
  }

  #unwatch(path: string): void {
    this.#watchers.get(path)?.close();
    this.#watchers.delete(path);
  }

  #watchFolder(path: string): void {
    if (this.#isClosed || this.#poll !== undefined || this.#watchers.has(path)) return;
    try {
      const absolute = join(this.#options.folder, path);
      const watcher = watch(absolute, { persistent: true }, (event, name) => {
        // Removed or renamed itself: what is called so next is another folder, to be watched anew.
        if (event === "rename" && name === basename(absolute)) this.#unwatch(path);
        this.#soon();
      });
      // A folder that was removed: the next look finds out.
      watcher.on("error", () => this.#soon());
      this.#watchers.set(path, watcher);
      // What came between the list and the watch.
      this.#soon();
    } catch (error) {
      const isGone = error instanceof Error && "code" in error && error.code === "ENOENT";
      if (isGone) this.#soon();
      else this.#pollInstead(error);
    }
  }

  #pollInstead(error: unknown): void {
    this.#closeWatchers();
    this.#poll = setInterval(() => void this.#look(), POLL_MS);
    this.#options.onTrouble(error);
  }
}

/** Changes that wait to be taken, and the news that there is one. */
export class PendingChange {
  #change: FolderChange | undefined;
  #wake: () => void = () => undefined;
  #news = new AbortController();

  add(change: FolderChange): void {
    this.#change = this.#change === undefined ? change : joinChanges(this.#change, change);
    this.#news.abort();
    this.#wake();
  }

  /** Aborted by the next change that comes. */
  get news(): AbortSignal {
    return this.#news.signal;
  }

  /** The changes since the last call, once there are any; undefined when the signal aborts. */
  async take(signal: AbortSignal): Promise<FolderChange | undefined> {
    while (this.#change === undefined && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    const change = signal.aborted ? undefined : this.#change;
    this.#change = undefined;
    this.#news = new AbortController();
    return change;
  }
}
