/** The container of `slipway dev`: replaced by one of a new image, or given changed files and restarted. */

import { createReadStream } from "node:fs";
import { lstat, readlink } from "node:fs/promises";
import { join, posix } from "node:path";
import { streamTar } from "../builder/stream-tar.ts";
import { addToTar, PINNED_HEADER } from "../builder/tar-entry.ts";
import { isStopFirst } from "../domain/deployment.ts";
import { AppError, isAppError } from "../domain/errors.ts";
import type { Runtime } from "../domain/runtime.ts";
import type { DevEvent } from "../domain/workshop.ts";
import type { FolderChange } from "./local-dev-plan.ts";
import type { DevPort } from "./local-dev-port.ts";
import type { LocalEngine } from "./local-engine.ts";
import type { OpenedFolder } from "./local-folder.ts";
import type { MadeImage } from "./local-image-maker.ts";
import { hashOfSettings } from "./local-settings.ts";
import type { LocalStarter } from "./local-starter.ts";

const REMOVE_LIMIT_MS = 10_000;
/** Lines of a log that are followed again after a restart. */
const WHOLE_LOG = 100_000;

export type DevCopyOptions = {
  readonly engine: LocalEngine;
  readonly starter: LocalStarter;
  readonly onEvent: (event: DevEvent) => void;
};

type How = {
  readonly how: "started" | "reloaded" | "rebuilt";
  readonly startedAt: number;
  readonly signal: AbortSignal;
};

type Copy = {
  readonly fn: OpenedFolder;
  readonly image: MadeImage;
  readonly id: string;
  readonly containerName: string;
  /** Where it was well last. */
  place: { readonly address: string; readonly port: number | null } | undefined;
  /** Lines of its log that were told. */
  toldLines: number;
};

export class DevCopy {
  readonly #options: DevCopyOptions;
  readonly #port: DevPort;
  readonly #end = new AbortController();
  readonly #following = new Set<Promise<void>>();
  #present: Copy | undefined;
  /** While copies change on purpose their ends are no news. */
  #isBusy = false;

  constructor(options: DevCopyOptions, port: DevPort) {
    this.#options = options;
    this.#port = port;
  }

  get reload(): Runtime["reload"] {
    return this.#present?.fn.runtimeFiles?.runtime.reload ?? null;
  }

  /** True when the present copy is of that image. */
  isOf(image: MadeImage): boolean {
    return this.#present?.image === image;
  }

  /** True when the container has the folder's files by the same paths; `paths`: as the folder is after `change`. */
  holds(paths: Iterable<string>, { changed, deleted }: FolderChange): boolean {
    if (this.#present === undefined) return false;
    const then = new Set([...paths, ...deleted]);
    // A folder in which everything lies below one other has lost that on the way into the image.
    return this.#present.fn.paths.every((path) => then.has(path) || changed.includes(path));
  }

  async isRunning(): Promise<boolean> {
    if (this.#present === undefined) return false;
    const state = await this.#options.engine.containers.state(this.#present.id).catch(() => undefined);
    return state?.isRunning ?? false;
  }

  /**
   * The new image takes the place of what runs once it is well; a copy that never is goes, where another still runs,
   * else it stays for the files of the next save. With a writable volume only one may run, so the old one goes first.
   * @throws as LocalStarter.start
   */
  replaceBy(fn: OpenedFolder, image: MadeImage, how: How): Promise<void> {
    return this.#busily(async () => {
      const isAlone = isStopFirst({ volumes: image.settings.volumes, ports: [] }) || !(await this.isRunning());
      if (isAlone) {
        this.#port.hold();
        await this.#remove(this.#present);
      }
      const before = this.#present;
      const copy = await this.#launch(fn, image);
      if (isAlone) this.#present = copy;
      try {
        await this.#untilWell(copy, how);
      } catch (error) {
        if (!isAlone) await this.#remove(copy);
        throw error;
      }
      this.#present = copy;
      await this.#remove(before);
      this.#tellReady(how);
      // Looked up once per image, and not while a save waits for it.
      if (this.reload !== null) await this.#options.engine.images.ownerOf(image.imageId);
    });
  }

  /** False when it can't be done that way. @throws as `replaceBy` */
  reloadWith(change: FolderChange, signal: AbortSignal): Promise<boolean> {
    const startedAt = performance.now();
    const present = this.#present;
    const reload = this.reload;
    if (present === undefined || reload === null) return Promise.resolve(false);
    return this.#busily(async () => {
      this.#port.hold();
      if (!(await this.#putChange(present, reload.folder, change))) {
        this.#forwardTo(present);
        return false;
      }
      this.#followLogs(present);
      const how: How = { how: "reloaded", startedAt, signal };
      await this.#untilWell(present, how);
      this.#tellReady(how);
      return true;
    });
  }

  /** Nothing of it is left. Idempotent. */
  async close(): Promise<void> {
    this.#isBusy = true;
    this.#end.abort();
    await this.#remove(this.#present);
    await Promise.all(this.#following);
  }

  async #busily<T>(work: () => Promise<T>): Promise<T> {
    this.#isBusy = true;
    try {
      return await work();
    } finally {
      this.#isBusy = false;
    }
  }

  async #launch(fn: OpenedFolder, image: MadeImage): Promise<Copy> {
    const { engine, starter } = this.#options;
    const { settings } = image;
    const request = { name: fn.name, image: image.image, settings, settingsHash: hashOfSettings(settings) };
    try {
      const { id, containerName } = await starter.launch({ ...request, purpose: "dev", hostPort: null });
      const copy: Copy = { fn, image, id, containerName, place: undefined, toldLines: 0 };
      this.#followLogs(copy);
      return copy;
    } catch (error) {
      await engine.untag(image.image);
      throw error;
    }
  }

  async #untilWell(copy: Copy, { signal }: How): Promise<void> {
    try {
      copy.place = await this.#options.starter.untilWell(copy.id, copy.fn.name, copy.image.settings, signal);
    } catch (error) {
      if (isAppError(error) && (this.#present === copy || this.#present === undefined)) this.#port.fail(error.message);
      throw error;
    }
    this.#forwardTo(copy);
  }

  #tellReady({ how, startedAt }: How): void {
    const elapsedMs = performance.now() - startedAt;
    this.#options.onEvent({ kind: "ready", url: this.#port.url, elapsedMs, how });
  }

  #forwardTo({ fn, place }: Copy): void {
    if (place === undefined || place.port === null) this.#port.fail(`${fn.name} listens on no port.`);
    else this.#port.forwardTo(place.address, place.port);
  }

  async #remove(copy: Copy | undefined): Promise<void> {
    if (copy === undefined) return;
    if (this.#present === copy) this.#present = undefined;
    await this.#options.engine.containers.remove(copy.id);
    await this.#options.engine.untag(copy.image.image);
  }

  /** Into the container, which is restarted. False when it can't take them. */
  async #putChange({ id, fn, image }: Copy, folder: string, { changed, deleted }: FolderChange): Promise<boolean> {
    const { containers, images } = this.#options.engine;
    if (!(await this.#removePaths(id, folder, deleted))) return false;
    try {
      const owner = await images.ownerOf(image.imageId);
      await containers.putFiles(id, folder, tarOf(fn.folder, changed, owner));
      await containers.restart(id);
      return true;
    } catch (error) {
      // A build finds out what is wrong, and says it; an engine that is away builds nothing either.
      if (isAppError(error) && error.code !== "unavailable") return false;
      throw error;
    }
  }

  /** By a command inside, as the user of the image. False when that does not work. */
  async #removePaths(id: string, folder: string, paths: readonly string[]): Promise<boolean> {
    if (paths.length === 0) return true;
    try {
      const command = ["rm", "-rf", "--", ...paths.map((path) => posix.join(folder, path))];
      return (await this.#options.engine.containers.exec(id, command, REMOVE_LIMIT_MS)).exitCode === 0;
    } catch (error) {
      if (isAppError(error, "conflict") || isAppError(error, "not_found") || isAppError(error, "timeout")) return false;
      throw error;
    }
  }

  #followLogs(present: Copy): void {
    const following = this.#follow(present)
      .catch((error: unknown) => {
        if (!this.#end.signal.aborted) this.#options.onEvent({ kind: "failed", error, isServing: true });
      })
      .finally(() => this.#following.delete(following));
    this.#following.add(following);
  }

  /** Until the container ends. What was told before a restart is not told again. */
  async #follow(present: Copy): Promise<void> {
    const { containers } = this.#options.engine;
    let toSkip = present.toldLines;
    try {
      const lines = containers.logs(present.id, { tail: WHOLE_LOG, follow: true }, this.#end.signal);
      for await (const { stream, line, at } of lines) {
        if (toSkip > 0) {
          toSkip -= 1;
          continue;
        }
        present.toldLines += 1;
        this.#options.onEvent({ kind: "log", line: { instance: present.containerName, stream, line, at } });
      }
      await this.#tellEnd(present);
    } catch (error) {
      // Removed while it was read.
      if (!isAppError(error, "not_found") && !isAppError(error, "conflict")) throw error;
    }
  }

  /** News only when nobody ended it on purpose. */
  async #tellEnd(present: Copy): Promise<void> {
    if (this.#isBusy || this.#end.signal.aborted || this.#present !== present) return;
    const { isRunning, exitCode, wasOomKilled } = await this.#options.engine.containers.state(present.id);
    if (isRunning || this.#isBusy) return;
    const why = wasOomKilled ? "it needed more memory than it may have" : `exit code ${exitCode}`;
    const error = new AppError("deploy_failed", `${present.fn.name} ended: ${why}.`, {
      remedy: "Its last words stand above. Save a file to start it again.",
    });
    this.#port.fail(error.message);
    this.#options.onEvent({ kind: "failed", error, isServing: false });
  }
}

function tarOf(
  folder: string,
  paths: readonly string[],
  owner: { readonly uid: number; readonly gid: number },
): AsyncGenerator<Uint8Array> {
  return streamTar(async (tar) => {
    for (const path of paths) {
      const found = await lstat(join(folder, path)).catch(() => undefined);
      // Gone since it was listed: the next change says so.
      if (found === undefined) continue;
      const header = { ...PINNED_HEADER, ...owner, name: path, mtime: found.mtime };
      if (found.isDirectory()) await addToTar(tar, { ...header, type: "directory", mode: 0o755 });
      else if (found.isSymbolicLink()) {
        const linkname = await readlink(join(folder, path));
        await addToTar(tar, { ...header, type: "symlink", linkname, mode: 0o777 });
      } else if (found.isFile()) {
        const mode = (found.mode & 0o100) === 0 ? 0o644 : 0o755;
        const content = found.size === 0 ? undefined : createReadStream(join(folder, path), { end: found.size - 1 });
        await addToTar(tar, { ...header, type: "file", mode, size: found.size }, content);
      }
    }
    tar.finalize();
  });
}
