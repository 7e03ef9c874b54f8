/** `slipway dev`: a folder runs in a container that takes what is saved, until it is told to end. */

import { AppError, isAppError } from "../domain/errors.ts";
import type { DevEvent, LocalDev, LocalProgress } from "../domain/workshop.ts";
import { DevCopy, type DevCopyOptions } from "./local-dev-copy.ts";
import { type FolderChange, planChange } from "./local-dev-plan.ts";
import { DevPort } from "./local-dev-port.ts";
import type { FolderReader, OpenedFolder } from "./local-folder.ts";
import { FolderWatch, PendingChange } from "./local-folder-watch.ts";
import type { LocalImageMaker, MadeImage } from "./local-image-maker.ts";

export type LocalDevOptions = Omit<DevCopyOptions, "onEvent"> & {
  readonly reader: FolderReader;
  readonly maker: LocalImageMaker;
};

type Progress = LocalProgress & { onEvent(event: DevEvent): void };

export class EngineLocalDev implements LocalDev {
  readonly #options: LocalDevOptions;

  constructor(options: LocalDevOptions) {
    this.#options = options;
  }

  async run(
    folder: string,
    { port }: { readonly port?: number | undefined },
    progress: Progress,
    signal: AbortSignal,
  ): Promise<void> {
    const devPort = await DevPort.open(port);
    const copy = new DevCopy({ ...this.#options, onEvent: (event) => progress.onEvent(event) }, devPort);
    const session = new DevSession({ ...this.#options, folder, copy, progress, signal });
    try {
      await session.run();
    } catch (error) {
      // Ctrl-C is how it ends.
      if (!signal.aborted) throw error;
    } finally {
      await copy.close();
      await devPort.close();
    }
  }
}

type SessionParts = Pick<LocalDevOptions, "reader" | "maker"> & {
  readonly folder: string;
  readonly copy: DevCopy;
  readonly progress: Progress;
  readonly signal: AbortSignal;
};

class DevSession {
  readonly #parts: SessionParts;
  readonly #pending = new PendingChange();
  /** What was built last does not run: what was saved since the build before is not in the running copy. */
  #owesBuild = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** Until the signal aborts. @throws AppError when the first build fails */
  async run(): Promise<void> {
    const { folder, progress, signal } = this.#parts;
    const watch = await FolderWatch.open({
      folder,
      onChange: (change) => this.#pending.add(change),
      onTrouble: (error) => progress.onEvent({ kind: "failed", error: trouble(error), isServing: true }),
    });
    try {
      await this.#begin();
      for (;;) {
        const change = await this.#pending.take(signal);
        if (change === undefined) return;
        await this.#takeIn(change, watch);
      }
    } finally {
      watch.close();
    }
  }

  async #begin(): Promise<void> {
    const { reader, folder, copy, progress } = this.#parts;
    const startedAt = performance.now();
    const fn = await reader.open(folder);
    for (const note of fn.notes) progress.onLog(`${note}\n`);
    const image = await this.#make(fn);
    await this.#telling(this.#pending.news, (signal) =>
      copy.replaceBy(fn, image, { how: "started", startedAt, signal }),
    );
  }

  async #takeIn(change: FolderChange, watch: FolderWatch): Promise<void> {
    const { copy, progress } = this.#parts;
    progress.onEvent({ kind: "changed", paths: [...change.changed, ...change.deleted] });
    await this.#telling(this.#pending.news, async (signal) => {
      const canReload = !this.#owesBuild && planChange(change, copy.reload) === "reload";
      const isSameTree = copy.holds(watch.snapshot.keys(), change);
      if (canReload && isSameTree && (await copy.reloadWith(change, signal))) return;
      await this.#rebuild(signal);
    });
  }

  async #rebuild(signal: AbortSignal): Promise<void> {
    const { reader, folder, copy } = this.#parts;
    const startedAt = performance.now();
    this.#owesBuild = true;
    const fn = await reader.open(folder);
    const image = await this.#make(fn);
    try {
      await copy.replaceBy(fn, image, { how: "rebuilt", startedAt, signal });
    } finally {
      this.#owesBuild = !copy.isOf(image);
    }
  }

  async #make(fn: OpenedFolder): Promise<MadeImage> {
    const { maker, progress, signal } = this.#parts;
    progress.onStep(`building ${fn.name}`);
    const image = await maker.makeTemporary(fn, "dev", progress, signal);
    progress.onStep(`starting ${fn.name}`);
    return image;
  }

  /** What fails is told, and the next save is waited for. A save that comes meanwhile ends the waiting of the one before. */
  async #telling(news: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal, copy, progress } = this.#parts;
    try {
      await work(AbortSignal.any([signal, news]));
    } catch (error) {
      if (signal.aborted) throw error;
      if (news.aborted && !isAppError(error)) return;
      progress.onEvent({ kind: "failed", error, isServing: await copy.isRunning() });
    }
  }
}

function trouble(error: unknown): unknown {
  if (isAppError(error)) return error;
  const words = error instanceof Error ? error.message : String(error);
  return new AppError("unavailable", `The folder can't be watched: ${words}. It is looked at every second instead.`, {
    cause: error,
    remedy: "Raise fs.inotify.max_user_watches, or list large folders in .slipwayignore.",
  });
}
