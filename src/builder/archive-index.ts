/**
 * The entries of one archive as they are met: checked against each other, counted against the limits. Pure bookkeeping;
 * the bytes are elsewhere (ArchiveSpool).
 */

import { AppError } from "../domain/errors.ts";
import type { ArchiveLimits } from "../domain/source.ts";
import { checkLinkTarget, cleanArchivePath, isArchiveLitter, refusedEntry } from "./archive-path.ts";

export type ArchiveEntry =
  | {
      readonly kind: "file";
      readonly path: string;
      readonly mode: number;
      readonly offset: number;
      readonly size: number;
    }
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "link"; readonly path: string; readonly target: string };

/** Below this much unpacked nothing is called a bomb: a few kilobytes of zeros pack a thousandfold. */
const RATIO_FLOOR_BYTES = 10 * 1024 * 1024;

/** More than an entry of a tar takes besides its content: its header, headers of long names, padding. */
const TAR_BYTES_PER_ENTRY = 4096;

export class ArchiveIndex {
  readonly #limits: ArchiveLimits;
  readonly #packedBytes: number;
  readonly #entries = new Map<string, ArchiveEntry>();
  /** Folders that some entry lies in. */
  readonly #parents = new Set<string>();
  #entryCount = 0;
  #unpackedBytes = 0;
  #tarBytes = 0;

  constructor(limits: ArchiveLimits, packedBytes: number) {
    this.#limits = limits;
    this.#packedBytes = packedBytes;
  }

  /**
   * The path an entry gets, or undefined when it is left out (the root itself, litter).
   * @throws AppError `invalid`, `too_large`
   */
  admit(rawPath: string): string | undefined {
    this.#entryCount += 1;
    if (this.#entryCount > this.#limits.entries) {
      throw tooLarge(`the archive holds more than ${this.#limits.entries} entries`);
    }
    const path = cleanArchivePath(rawPath);
    return path === "" || isArchiveLitter(path) ? undefined : path;
  }

  /** Counts unpacked bytes as they come, whatever a header promised. @throws AppError `too_large` */
  countBytes(bytes: number): void {
    this.#unpackedBytes += bytes;
    if (this.#unpackedBytes > this.#limits.unpackedBytes) {
      throw tooLarge(`the archive unpacks to more than ${this.#limits.unpackedBytes} bytes`);
    }
    const isBomb =
      this.#unpackedBytes > RATIO_FLOOR_BYTES && this.#unpackedBytes > this.#packedBytes * this.#limits.ratio;
    if (isBomb) throw tooLarge(`the archive unpacks to more than ${this.#limits.ratio} times its size`);
  }

  /** Counts bytes of the tar itself: headers, padding and what is left out cost time, too. @throws AppError `too_large` */
  countTarBytes(bytes: number): void {
    this.#tarBytes += bytes;
    const { unpackedBytes, entries } = this.#limits;
    if (this.#tarBytes > unpackedBytes + entries * TAR_BYTES_PER_ENTRY) {
      throw tooLarge(`the archive unpacks to more than ${unpackedBytes} bytes`);
    }
  }

  /** @throws AppError `invalid` when it collides with another entry or is a link that leaves the tree */
  add(entry: ArchiveEntry): void {
    if (entry.kind === "link") checkLinkTarget(entry.path, entry.target);
    const known = this.#entries.get(entry.path);
    if (known !== undefined) {
      if (known.kind === "directory" && entry.kind === "directory") return;
      throw refusedEntry(entry.path, "is there twice");
    }
    if (entry.kind !== "directory" && this.#parents.has(entry.path)) {
      throw refusedEntry(entry.path, "is a file and a folder at once");
    }
    for (const parent of parentsOf(entry.path)) {
      const above = this.#entries.get(parent);
      if (above !== undefined && above.kind !== "directory") {
        throw refusedEntry(entry.path, `lies below ${JSON.stringify(parent)}, which is no folder`);
      }
      this.#parents.add(parent);
    }
    this.#entries.set(entry.path, entry);
  }

  /**
   * Files, links and empty folders, sorted by path (byte order). A folder with something in it is implied, so that
   * archives with and without folder entries give the same source.
   * @throws AppError `invalid` when there is no file at all
   */
  finish(): readonly ArchiveEntry[] {
    const kept = [...this.#entries.values()].filter((e) => e.kind !== "directory" || !this.#parents.has(e.path));
    if (!kept.some((entry) => entry.kind === "file")) {
      throw new AppError("invalid", "file: the archive holds no files", { fields: { file: ["holds no files"] } });
    }
    return kept.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  }
}

/** `a/b/c` → `a`, `a/b`. */
function parentsOf(path: string): readonly string[] {
  const names = path.split("/");
  return names.slice(1).map((_, i) => names.slice(0, i + 1).join("/"));
}

/** A `too_large` error about the uploaded file. */
export function tooLarge(message: string): AppError {
  return new AppError("too_large", `file: ${message}`, {
    fields: { file: [message] },
    remedy: "Leave out what the build fetches anyway (node_modules, .git), or raise the server's limit.",
  });
}
