/**
 * Backups of a whole server: what is in one, and what may be. An archive is a tar.gz: first `slipway-backup.json` (the
 * header), then the parts, last `manifest.json`, which names every entry, so that one that was cut off shows.
 */

export const BACKUP_FORMAT = 1;
export const HEADER_NAME = "slipway-backup.json";
export const MANIFEST_NAME = "manifest.json";
/** The database in the archive, whatever it is called on the server. */
export const DATABASE_NAME = "slipway.db";
export const PASSFILE_NAME = "passfile";
export const VOLUMES_NAME = "volumes";

/** What a server keeps in its data directory and is in every backup, beside database and passfile. */
export const DATA_PARTS = ["sources", "runtimes", "builds", "certificates", "master.key"] as const;

export type BackupHeader = {
  readonly format: typeof BACKUP_FORMAT;
  /** Version of the program that made it. */
  readonly slipway: string;
  readonly serverId: string;
  /** ms since the epoch. */
  readonly createdAt: number;
  /** Of the database. */
  readonly schema: number;
  readonly hasVolumes: boolean;
};

export type BackupEntry = {
  /** Below the archive's root, no slash at its end. */
  readonly path: string;
  readonly type: "file" | "directory" | "link";
  /** Bytes of a file, else 0. */
  readonly size: number;
  /** Lower-case hex; null for what is no file. */
  readonly sha256: string | null;
  /** Null for what is no link. */
  readonly target: string | null;
};

/** An archive that was checked and waits for control to start again. */
export type StagedRestore = {
  readonly header: BackupHeader;
  readonly files: number;
  readonly bytes: number;
  /** Where what was there before will be kept: the name of a folder in the data directory. */
  readonly previous: string;
};

export interface Backups {
  /**
   * Everything as it is now, as a tar.gz that is made while it is read; an early end of reading ends it. The database is
   * copied before this resolves.
   * @throws AppError `disk_full`, `unavailable`
   */
  write(options: { readonly withVolumes: boolean }): Promise<AsyncIterable<Uint8Array>>;
  /**
   * Checks an archive whole and lays it ready for the next start of control. Whatever goes wrong, nothing has changed.
   * @throws AppError `invalid` (no backup, damaged, cut off, a path that leads elsewhere), `conflict` (from a newer
   *   Slipway, of another server while this one has services, another restore under way), `disk_full`
   */
  stage(archive: AsyncIterable<Uint8Array>): Promise<StagedRestore>;
}

/**
 * Why an archive must not bring an entry of that path; undefined: it may. `folders`: those it has brought so far. A
 * parent must be one of them, so that nothing is ever written through a link.
 */
export function refusedPath(path: string, type: BackupEntry["type"], folders: ReadonlySet<string>): string | undefined {
  const names = path.split("/");
  if (names.some((name) => name === "" || name === "." || name === "..") || path.includes("\0"))
    return "is no plain path";
  const [part = ""] = names;
  const isFolder = part === VOLUMES_NAME || ["sources", "runtimes", "builds", "certificates"].includes(part);
  const isFile = [DATABASE_NAME, PASSFILE_NAME, "master.key"].includes(part);
  if (!isFolder && !isFile) return "is no part of a backup";
  if (names.length === 1) {
    if (type !== (isFolder ? "directory" : "file")) return `is a ${type}`;
    return undefined;
  }
  if (isFile) return "lies below a file";
  if (type === "link" && (part !== VOLUMES_NAME || names.length <= VOLUME_DEPTH)) return "is a link";
  if (!folders.has(names.slice(0, -1).join("/"))) return "lies in no folder of the archive";
  return undefined;
}

/** `volumes/<project>/<service>`: links may lie below that only, where only instances follow them. */
const VOLUME_DEPTH = 3;
