/** What the local workshop remembers, below `~/.local/share/slipway/`: settings of functions, their secrets and volumes. */

import { chmod, mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError, invalidField } from "../domain/errors.ts";
import { requireServiceName } from "../domain/names.ts";
import { MAX_SECRET_BYTES } from "../domain/secret.ts";
import type { LocalSecrets } from "../domain/workshop.ts";
import { writeFileAtomic } from "../lib/write-file.ts";
import type { LocalSettings } from "./local-settings.ts";

const SECRET_NAME = /^(?!\.\.)[A-Za-z0-9._-]{1,253}$/;

/** Files that are being written. */
const UNFINISHED = /\.[0-9a-f]{12}\.tmp$/;

/** What `build -l` leaves for `up`, `scale` and `deploy`, which know only a name. */
export type LocalRecord = {
  readonly settings: LocalSettings;
  /** hashOfSettings of them. */
  readonly settingsHash: string;
  /** Port inside on which it was found; null: not found yet, or it has none. */
  readonly foundPort: number | null;
  /** Host port it had last; null: none yet. */
  readonly port: number | null;
};

export class LocalStore implements LocalSecrets {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Folder that relative volumes of the function lie in. */
  volumesFolder(functionName: string): string {
    requireServiceName(functionName);
    return join(this.#root, "local-volumes", functionName);
  }

  /** What a command that changes the function's instances locks; it need not be there. */
  lockFolder(functionName: string): string {
    requireServiceName(functionName);
    return join(this.#root, "local-locks", functionName);
  }

  /** Makes the folder that is mounted at /secrets; answers it. Others can't get through its parent. */
  async secretsFolder(functionName: string): Promise<string> {
    requireServiceName(functionName);
    const parent = join(this.#root, "local-secrets");
    await mkdir(parent, { recursive: true, mode: 0o700 });
    const folder = join(parent, functionName);
    await mkdir(folder, { recursive: true });
    // Whatever the umask says: the app in the container is another user.
    await chmod(folder, 0o755);
    return folder;
  }

  /** Folders of the function that hold something. */
  async keptFolders(functionName: string): Promise<readonly string[]> {
    const folders = [this.volumesFolder(functionName), join(this.#root, "local-secrets", functionName)];
    const found = await Promise.all(folders.map(async (folder) => ((await namesIn(folder)).length > 0 ? folder : "")));
    return found.filter((folder) => folder !== "");
  }

  async findRecord(functionName: string): Promise<LocalRecord | undefined> {
    try {
      return JSON.parse(await readFile(this.#recordPath(functionName), "utf8")) as LocalRecord;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw new AppError("internal", `${this.#recordPath(functionName)} can't be read.`, {
        cause: error,
        remedy: "Remove it and build the function again.",
      });
    }
  }

  async putRecord(functionName: string, record: LocalRecord): Promise<void> {
    await mkdir(join(this.#root, "local-functions"), { recursive: true, mode: 0o700 });
    await writeFileAtomic(this.#recordPath(functionName), JSON.stringify(record));
  }

  /** Forgets the function, and its folders where they are empty. Idempotent. */
  async forget(functionName: string): Promise<void> {
    await rm(this.#recordPath(functionName), { force: true });
    const kept = await this.keptFolders(functionName);
    for (const folder of [this.volumesFolder(functionName), join(this.#root, "local-secrets", functionName)]) {
      if (!kept.includes(folder)) await rm(folder, { recursive: true, force: true });
    }
  }

  async list(functionName: string): Promise<readonly string[]> {
    requireServiceName(functionName);
    const names = await namesIn(join(this.#root, "local-secrets", functionName));
    return names.filter((name) => !UNFINISHED.test(name)).sort();
  }

  async set(functionName: string, secretName: string, value: Uint8Array): Promise<void> {
    requireSecretName(secretName);
    if (value.length > MAX_SECRET_BYTES)
      throw new AppError("too_large", `${secretName}: a secret of more than ${MAX_SECRET_BYTES} bytes is not taken.`);
    const path = join(await this.secretsFolder(functionName), secretName);
    // Readable for the app, which runs as a user of its image; nobody else on this machine gets through the parent.
    await writeFileAtomic(path, value, 0o444);
    await chmod(path, 0o444);
  }

  async delete(functionName: string, secretName: string): Promise<void> {
    const path = this.#secretPath(functionName, secretName);
    if (!(await isFile(path))) throw noSecret(functionName, secretName);
    await rm(path, { force: true });
  }

  /** For a build; `version` is another one whenever it was set anew. @throws AppError `not_found` saying how to set it */
  async readSecret(functionName: string, secretName: string): Promise<{ value: Uint8Array; version: string }> {
    const path = this.#secretPath(functionName, secretName);
    try {
      // The time before the content: one that is set in between has a version of its own the next time.
      const { mtimeNs } = await stat(path, { bigint: true });
      return { value: await readFile(path), version: String(mtimeNs) };
    } catch (error) {
      if (isMissing(error)) throw noSecret(functionName, secretName);
      throw error;
    }
  }

  #secretPath(functionName: string, secretName: string): string {
    requireServiceName(functionName);
    requireSecretName(secretName);
    return join(this.#root, "local-secrets", functionName, secretName);
  }

  #recordPath(functionName: string): string {
    requireServiceName(functionName);
    return join(this.#root, "local-functions", `${functionName}.json`);
  }
}

function requireSecretName(name: string): void {
  if (SECRET_NAME.test(name) && name !== ".") return;
  throw invalidField("name", `${JSON.stringify(name)} is no name of a secret`, "Use letters, digits, . _ and -.");
}

function noSecret(functionName: string, secretName: string): AppError {
  return new AppError("not_found", `${functionName} has no secret ${secretName} on this machine.`, {
    remedy: `Set it: slipway secret set -l ${functionName} ${secretName}`,
  });
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
