/**
 * Seals bytes with AES-256-GCM under the server's master key, a file of 32 random bytes. What is sealed can be opened
 * only under the same key and for the same purpose. Sealed: version, nonce, tag, ciphertext.
 */

import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { AppError } from "../domain/errors.ts";
import type { SecretBox } from "../domain/secret.ts";
import { writeFileAtomic } from "../lib/write-file.ts";

const KEY_BYTES = 32;
const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + NONCE_BYTES + TAG_BYTES;
const CIPHER = "aes-256-gcm";

export type SecretBoxOptions = {
  /** Path of the key file. */
  readonly keyPath: string;
  /** Whether something was sealed already: then a missing key is never replaced by a new one. */
  readonly hasSealed: () => Promise<boolean>;
};

/**
 * Opens the key, or makes it (mode 0600) at the first start.
 * @throws AppError `forbidden` when others may read it, `invalid` when it is no key, `not_found` when it is gone although
 *   something was sealed under it
 */
export async function openSecretBox({ keyPath, hasSealed }: SecretBoxOptions): Promise<SecretBox> {
  const key = await readKey(keyPath);
  if (key !== undefined) return new AesSecretBox(key);
  if (await hasSealed()) {
    throw new AppError(
      "not_found",
      `The key ${keyPath} is gone, and the secrets in the database can't be read without it.`,
      {
        remedy:
          "Put master.key back from the backup of the data folder (32 bytes, mode 0600). A new one would not open them.",
      },
    );
  }
  const fresh = randomBytes(KEY_BYTES);
  await writeFileAtomic(keyPath, fresh, 0o600);
  return new AesSecretBox(fresh);
}

async function readKey(path: string): Promise<Buffer | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new AppError("forbidden", `The key ${path} can't be read.`, {
      cause: error,
      remedy: "It must belong to the user that runs the server, with mode 0600.",
    });
  }
  try {
    const { mode, size } = await file.stat();
    if ((mode & 0o077) !== 0) {
      throw new AppError(
        "forbidden",
        `The key ${path} has mode 0${(mode & 0o777).toString(8)}: others may get at it.`,
        {
          remedy: `Run: chmod 600 ${path}. If somebody may have read it, set all secrets anew.`,
        },
      );
    }
    const key = size === KEY_BYTES ? await file.readFile() : Buffer.alloc(0);
    if (key.length === KEY_BYTES) return key;
    throw new AppError("invalid", `The key ${path} has ${size} bytes; a key has ${KEY_BYTES}.`, {
      remedy: "Put master.key back from the backup of the data folder.",
    });
  } finally {
    await file.close();
  }
}

class AesSecretBox implements SecretBox {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  seal(value: Uint8Array, purpose: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG_BYTES }).setAAD(aadOf(purpose));
    const sealed = Buffer.concat([cipher.update(value), cipher.final()]);
    return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), sealed]).toString("base64");
  }

  open(sealed: string, purpose: string): Uint8Array {
    const bytes = Buffer.from(sealed, "base64");
    try {
      if (bytes.length < HEAD_BYTES || bytes[0] !== VERSION) throw new Error("it is of no known form");
      const nonce = bytes.subarray(1, 1 + NONCE_BYTES);
      const decipher = createDecipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG_BYTES })
        .setAAD(aadOf(purpose))
        .setAuthTag(bytes.subarray(1 + NONCE_BYTES, HEAD_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(HEAD_BYTES)), decipher.final()]);
    } catch (error) {
      throw new AppError("internal", "A sealed value can't be opened: it was changed, or sealed under another key.", {
        cause: error,
        remedy: "Put back master.key and database from the same backup, or set the secret anew.",
      });
    }
  }
}

function aadOf(purpose: string): Buffer {
  return Buffer.concat([Buffer.of(VERSION), Buffer.from(purpose)]);
}
