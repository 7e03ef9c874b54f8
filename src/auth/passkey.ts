/**
 * The passkey: one shared secret of the server's owner, kept as a file (lambdaathome's `~/.passfile`). Read anew for
 * each request, so that a change counts at once: a few bytes, and no time stamp tells two quick changes apart. An empty
 * or unreadable file admits nobody.
 */

import { createHash, timingSafeEqual } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { AppError } from "../domain/errors.ts";
import { newId } from "../lib/ids.ts";
import { writeFileAtomic } from "../lib/write-file.ts";

export type Passkey = {
  /** True for exactly the file's content (a newline at its end does not count). Constant time. @throws AppError `internal` when the file can't be read */
  admits(candidate: string): Promise<boolean>;
  /** SHA-256 (hex) of the passkey, or null when the file is empty: what the gateway compares credentials with. */
  hash(): Promise<string | null>;
  /** The passkey itself, for the owner on the server's own machine. */
  read(): Promise<string>;
};

/** Opens the passfile, or makes it with a fresh UUID (mode 0600). `created` holds that UUID then, once. */
export async function openPasskey(
  path: string,
): Promise<{ readonly passkey: Passkey; readonly created: string | null }> {
  const created = (await exists(path)) ? null : newId();
  if (created !== null) await writeFileAtomic(path, `${created}\n`, 0o600);
  return { passkey: new FilePasskey(path), created };
}

class FilePasskey implements Passkey {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async admits(candidate: string): Promise<boolean> {
    const value = await this.read();
    const isEqual = timingSafeEqual(sha256(candidate), sha256(value));
    return value !== "" && isEqual;
  }

  async hash(): Promise<string | null> {
    const value = await this.read();
    return value === "" ? null : sha256(value).toString("hex");
  }

  async read(): Promise<string> {
    try {
      return (await readFile(this.#path, "utf8")).replace(/[\r\n]+$/, "");
    } catch (error) {
      throw new AppError("internal", "could not read passfile", { cause: error });
    }
  }
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw new AppError("internal", `The passfile ${path} can't be read.`, { cause: error });
  }
}
