/**
 * Passwords: argon2id of Node's own crypto, with the parameters OWASP recommends (19 MiB, 2 passes, 1 lane), kept in PHC
 * string form, so that stronger ones can come later without breaking those that are stored. Some 35 ms each; at most two
 * at a time, so that signing in never takes the machine from what it runs.
 */

import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { AppError } from "../domain/errors.ts";
import { Semaphore } from "../lib/semaphore.ts";

export type PasswordParameters = {
  /** Memory, in KiB. */
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
};

/** https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html */
export const OWASP_PARAMETERS: PasswordParameters = { memoryKib: 19_456, passes: 2, lanes: 1 };

const AT_ONCE = 2;
/** More than these many waiting would wait longer than anybody does. */
const MAX_WAITING = 50;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

export class Passwords {
  readonly #parameters: PasswordParameters;
  readonly #slots = new Semaphore(AT_ONCE);
  #waiting = 0;

  constructor(parameters: PasswordParameters = OWASP_PARAMETERS) {
    this.#parameters = parameters;
  }

  /** PHC string of a password under a fresh salt. @throws AppError `too_many_requests` while very many wait */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    return phcOf(this.#parameters, salt, await this.#derive(password, salt, this.#parameters, HASH_BYTES));
  }

  /**
   * Is this the password? Undefined for a user who is not there: takes as long, and is false, so that nobody learns by
   * time who has an account.
   * @throws AppError `too_many_requests`; `internal` for a string that is no PHC of argon2id
   */
  async verify(password: string, phc: string | undefined): Promise<boolean> {
    const { parameters, salt, hash } = phc === undefined ? this.#nobody() : parsePhc(phc);
    const derived = await this.#derive(password, salt, parameters, hash.length);
    return timingSafeEqual(derived, hash) && phc !== undefined;
  }

  #nobody() {
    return { parameters: this.#parameters, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) };
  }

  async #derive(password: string, salt: Buffer, parameters: PasswordParameters, bytes: number): Promise<Buffer> {
    if (this.#waiting >= MAX_WAITING) {
      throw new AppError("too_many_requests", "Too many people sign in at this moment. Try again in a few seconds.", {
        retryAfterSeconds: 5,
      });
    }
    this.#waiting += 1;
    const release = await this.#slots.acquire();
    try {
      return await argon2id(password, salt, parameters, bytes);
    } finally {
      this.#waiting -= 1;
      release();
    }
  }
}

function argon2id(
  password: string,
  nonce: Buffer,
  { memoryKib, passes, lanes }: PasswordParameters,
  tagLength: number,
): Promise<Buffer> {
  // The same letter can be typed as one character or as two; a password is what it looks like.
  const message = password.normalize("NFC");
  return new Promise((resolve, reject) => {
    argon2("argon2id", { message, nonce, parallelism: lanes, tagLength, memory: memoryKib, passes }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

function phcOf({ memoryKib, passes, lanes }: PasswordParameters, salt: Buffer, hash: Buffer): string {
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${lanes}$${base64(salt)}$${base64(hash)}`;
}

const PHC = /^\$argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,4}),p=(\d{1,4})\$([\w+/]+)\$([\w+/]+)$/;

function parsePhc(phc: string) {
  const [, memoryKib, passes, lanes, salt, hash] = PHC.exec(phc) ?? [];
  if (salt === undefined || hash === undefined) throw new AppError("internal", "A stored password hash is damaged.");
  return {
    parameters: { memoryKib: Number(memoryKib), passes: Number(passes), lanes: Number(lanes) },
    salt: Buffer.from(salt, "base64"),
    hash: Buffer.from(hash, "base64"),
  };
}

/** PHC's alphabet has no padding. */
function base64(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
