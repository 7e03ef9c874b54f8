/** A data directory with a real database and a bit of everything that a server keeps, and backups of it. */

import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { extract, type pack } from "tar-stream";
import { ServerBackups, type ServerBackupsOptions } from "../../src/backup/server-backups.ts";
import { inspectDatabase, newestSchema } from "../../src/store/inspect-database.ts";
import { SqliteDatabase } from "../../src/store/sqlite-database.ts";

export const FILES: Readonly<Record<string, string>> = {
  "sources/ab.tar": "the source of a function",
  "runtimes/own/Dockerfile": "FROM scratch\n",
  "builds/1.log": "step 1\nstep 2\n",
  "certificates/example.com.pem": "",
  "volumes/default/db/data/table": "rows".repeat(100_000),
  "volumes/default/db/empty": "",
};
export const KEY = Buffer.alloc(32, 7);

export type World = Awaited<ReturnType<typeof openWorld>>;

/** `id`: of the server. `text`: goes into every file, so that two worlds differ. */
export async function openWorld(id: string, text = "", options: Partial<ServerBackupsOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "slipway-backup-"));
  const dataDir = join(folder, "data");
  for (const [path, content] of Object.entries(FILES)) {
    await mkdir(dirname(join(dataDir, path)), { recursive: true });
    await writeFile(join(dataDir, path), content + text);
  }
  await symlink("../../elsewhere", join(dataDir, "volumes/default/db/link"));
  await chmod(join(dataDir, "volumes/default/db/data"), 0o500);
  await writeFile(join(dataDir, "master.key"), KEY, { mode: 0o600 });
  await writeFile(join(folder, "passfile"), `passkey of ${id}${text}\n`, { mode: 0o600 });
  const places = { dataDir, databasePath: join(dataDir, "slipway.db"), passfile: join(folder, "passfile") };
  const database = await SqliteDatabase.open(places.databasePath);
  await database.settings.put("server_id", id);
  await database.settings.put("text", text);
  const backups = new ServerBackups({
    ...{ places, version: "0.1.0", serverId: id, schema: newestSchema(), now: () => Date.now() },
    copyDatabase: (path) => database.backupTo(path),
    keepFiles: async () => () => undefined,
    room: async () => 2 ** 40,
    inspect: inspectDatabase,
    requireNotServed: async () => undefined,
    hasServices: async () => false,
    ...options,
  });
  return {
    ...{ folder, places, database, backups },
    async close() {
      await database.close();
      await chmod(join(dataDir, "volumes/default/db/data"), 0o700).catch(() => undefined);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

export async function* inPieces(bytes: Buffer, size = 50_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Path → what is there, of everything below a folder but the database's own files. */
export async function pictureOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const picture: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length + 1);
    if (/slipway\.db/.test(name)) continue;
    const mode = ((await stat(path).catch(() => undefined))?.mode ?? 0) & 0o777;
    if (entry.isSymbolicLink()) picture[name] = `→ ${await readlink(path)}`;
    else if (entry.isDirectory()) picture[name] = `folder ${name.startsWith("volumes") ? mode.toString(8) : ""}`;
    else picture[name] = `${(await readFile(path)).toString("base64").slice(-40)} ${(await stat(path)).size}`;
  }
  return picture;
}

/** A setting of a database that nobody has open. */
export async function settingIn(path: string, key: string): Promise<string | undefined> {
  const database = await SqliteDatabase.open(path);
  try {
    return await database.settings.find(key);
  } finally {
    await database.close();
  }
}

export type Entry = { readonly header: Parameters<ReturnType<typeof pack>["entry"]>[0]; readonly content: Buffer };

export async function entriesOf(bytes: Buffer): Promise<Entry[]> {
  const tar = extract();
  tar.end(gunzipSync(bytes));
  const entries: Entry[] = [];
  for await (const entry of tar)
    entries.push({ header: entry.header, content: await bytesOf(entry as AsyncIterable<Uint8Array>) });
  return entries;
}
