/** The files of a function, kept content-addressed: the id is the SHA-256 (hex) of a deterministic tar of them. */

export type Source = {
  /** 64 hex characters. */
  readonly id: string;
  readonly sizeBytes: number;
  readonly entryCount: number;
  readonly createdAt: number;
};

/** What to allow of an uploaded archive; each is an option of the server. */
export type ArchiveLimits = {
  /** Size of the archive itself, in bytes. */
  readonly uploadBytes: number;
  readonly entries: number;
  /** Size of everything unpacked, in bytes. */
  readonly unpackedBytes: number;
  /** Unpacked over packed size; what is above it is taken for a bomb. */
  readonly ratio: number;
};

export const DEFAULT_ARCHIVE_LIMITS: ArchiveLimits = {
  uploadBytes: 256 * 1024 * 1024,
  entries: 20_000,
  unpackedBytes: 1024 * 1024 * 1024,
  ratio: 100,
};

/** Keeps sources as files. */
export interface SourceFiles {
  /**
   * Reads the archive (zip or tar.gz, told by its first bytes) at `archivePath`, checks it and keeps its files as one
   * deterministic tar. Same files, same id. Nothing is left behind when it throws.
   * @throws AppError `invalid` (corrupt, empty, `..`, absolute path, link out of the tree, unknown format),
   *   `too_large` (any of the limits), `disk_full`
   */
  importArchive(archivePath: string, limits: ArchiveLimits): Promise<Source>;
  /** Paths in the source, sorted, directories left out. @throws AppError `not_found` */
  listPaths(id: string): Promise<readonly string[]>;
  /** One file's bytes, or undefined when the source has no such file. @throws AppError `not_found` for the source */
  readFile(id: string, path: string): Promise<Uint8Array | undefined>;
  /** Absolute path of the uncompressed tar. @throws AppError `not_found` */
  tarPath(id: string): Promise<string>;
  /** Idempotent. */
  remove(id: string): Promise<void>;
  /** Ids of all sources kept, sorted. */
  list(): Promise<readonly string[]>;
}
