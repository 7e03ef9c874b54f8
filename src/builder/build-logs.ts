/**
 * Build logs as files `<folder>/<build id>.log`. Writes are queued per log; followers wait for them by event and read the
 * file from where they are, so what they see is what is stored.
 */

import { EventEmitter, once } from "node:events";
import { appendFile, mkdir, open, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { BuildLogs } from "../domain/build.ts";
import { AppError } from "../domain/errors.ts";
import type { Logger } from "../domain/logger.ts";

/** A longer log is cut, so that an endless step does not fill the disk. */
const MAX_LOG_BYTES = 16 * 1024 * 1024;

/** A log that this process is writing, or that somebody waits for. */
type OpenLog = {
  sizeBytes: number;
  isEnded: boolean;
  hasBegun: boolean;
  writes: Promise<void>;
  readonly changes: EventEmitter;
};

export class FileBuildLogs implements BuildLogs {
  readonly #folder: string;
  readonly #logger: Pick<Logger, "warn">;
  readonly #open = new Map<string, OpenLog>();

  private constructor(folder: string, logger: Pick<Logger, "warn">) {
    this.#folder = folder;
    this.#logger = logger;
  }

  /** `folder` is made when it is missing. */
  static async open(folder: string, logger: Pick<Logger, "warn">): Promise<FileBuildLogs> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new FileBuildLogs(folder, logger);
  }

  append(buildId: string, text: string): void {
    const log = this.#openLog(buildId);
    log.hasBegun = true;
    if (log.sizeBytes > MAX_LOG_BYTES) return;
    log.sizeBytes += Buffer.byteLength(text);
    const isCut = log.sizeBytes > MAX_LOG_BYTES;
    this.#write(buildId, log, isCut ? "… the rest of this log is not kept: it is too long\n" : text);
  }

  async end(buildId: string): Promise<void> {
    const log = this.#openLog(buildId);
    // An empty write leaves a file even for a log without lines: a later follower sees that it has ended.
    this.#write(buildId, log, "");
    await log.writes;
    log.isEnded = true;
    this.#open.delete(buildId);
    log.changes.emit("change");
  }

  async read(buildId: string): Promise<string> {
    await this.#open.get(buildId)?.writes;
    return readFile(this.#pathOf(buildId), "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "";
      throw error;
    });
  }

  async *follow(buildId: string, signal: AbortSignal): AsyncGenerator<string> {
    // A log with a file that nobody writes has ended; one without a file has yet to begin and is waited for.
    const isEndedBefore = !this.#open.has(buildId) && (await this.#exists(buildId));
    const log = isEndedBefore ? undefined : this.#openLog(buildId);
    const decoder = new TextDecoder();
    let offset = 0;
    try {
      while (!signal.aborted) {
        const isLast = log === undefined || log.isEnded;
        const change = isLast ? undefined : nextChange(log, signal);
        const chunk = await this.#readFrom(buildId, offset);
        offset += chunk.length;
        if (chunk.length > 0) yield decoder.decode(chunk, { stream: true });
        if (isLast) return;
        await change;
      }
    } finally {
      // Nothing is kept of a log that was waited for in vain.
      const isInVain = log !== undefined && !log.hasBegun && log.changes.listenerCount("change") === 0;
      if (isInVain) this.#open.delete(buildId);
    }
  }

  async remove(buildId: string): Promise<void> {
    await rm(this.#pathOf(buildId), { force: true });
  }

  async list(): Promise<readonly string[]> {
    const files = await readdir(this.#folder);
    return files.filter((file) => file.endsWith(".log")).map((file) => file.slice(0, -".log".length));
  }

  #openLog(buildId: string): OpenLog {
    const known = this.#open.get(buildId);
    if (known !== undefined) return known;
    const changes = new EventEmitter().setMaxListeners(0);
    const log = { sizeBytes: 0, isEnded: false, hasBegun: false, writes: Promise.resolve(), changes };
    this.#open.set(buildId, log);
    return log;
  }

  #write(buildId: string, log: OpenLog, text: string): void {
    log.writes = log.writes
      .then(() => appendFile(this.#pathOf(buildId), text, { mode: 0o600 }))
      // A log that can't be written must not fail the build it tells about.
      .catch((error: unknown) => this.#logger.warn({ err: error, buildId }, "a build log can't be written"))
      .then(() => {
        log.changes.emit("change");
      });
  }

  async #exists(buildId: string): Promise<boolean> {
    return readFile(this.#pathOf(buildId)).then(
      () => true,
      () => false,
    );
  }

  async #readFrom(buildId: string, offset: number): Promise<Buffer> {
    const file = await open(this.#pathOf(buildId), "r").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (file === undefined) return Buffer.alloc(0);
    try {
      const { size } = await file.stat();
      const chunk = Buffer.alloc(Math.max(0, size - offset));
      const { bytesRead } = await file.read(chunk, 0, chunk.length, offset);
      return chunk.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  #pathOf(buildId: string): string {
    if (!/^[A-Za-z0-9-]+$/.test(buildId)) throw new AppError("not_found", "There is no build of that id.");
    return join(this.#folder, `${buildId}.log`);
  }
}

/** Resolves with the next write or end, or when the signal aborts. */
async function nextChange(log: OpenLog, signal: AbortSignal): Promise<void> {
  try {
    await once(log.changes, "change", { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
