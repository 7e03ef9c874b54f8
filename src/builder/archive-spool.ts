/**
 * Unpacked bytes on their way from an archive to the sorted tar: one file on disk, entries by offset. Nothing of an
 * archive is ever laid out as files of its own names, so no name can reach outside.
 */

import { type FileHandle, open, rm } from "node:fs/promises";

export class ArchiveSpool {
  readonly #path: string;
  readonly #file: FileHandle;
  #size = 0;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  static async create(path: string): Promise<ArchiveSpool> {
    return new ArchiveSpool(path, await open(path, "wx+", 0o600));
  }

  /** Appends a stream; `onBytes` sees each chunk's length before it is written and may throw. */
  async append(
    chunks: AsyncIterable<Uint8Array>,
    onBytes: (bytes: number) => void,
  ): Promise<{ readonly offset: number; readonly size: number }> {
    const offset = this.#size;
    for await (const chunk of chunks) {
      onBytes(chunk.length);
      await writeFully(this.#file, chunk, this.#size);
      this.#size += chunk.length;
    }
    return { offset, size: this.#size - offset };
  }

  /** The bytes of one entry, in chunks of at most 256 KiB. */
  async *read(offset: number, size: number): AsyncGenerator<Buffer> {
    let done = 0;
    while (done < size) {
      const chunk = Buffer.allocUnsafe(Math.min(256 * 1024, size - done));
      const { bytesRead } = await this.#file.read(chunk, 0, chunk.length, offset + done);
      if (bytesRead === 0) throw new Error("the spool file ended early");
      done += bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
  }

  /** Closes and deletes it. */
  async close(): Promise<void> {
    await this.#file.close();
    await rm(this.#path, { force: true });
  }
}

async function writeFully(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < chunk.length) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position + done);
    done += bytesWritten;
  }
}
