/** What an upgrade has to say: a line at a time, to whoever runs it and into the status that people see. */

import type { UpgradeStatus } from "../domain/system.ts";
import type { StoredUpgradeStatus } from "./upgrade-files.ts";

/** Of the log, the end of it is kept. */
const TAIL_BYTES = 4096;

export type UpgradeLogOptions = {
  readonly targetVersion: string;
  readonly onLine: (line: string) => void;
  readonly now: () => number;
  readonly write: (status: StoredUpgradeStatus) => Promise<void>;
};

export class UpgradeLog {
  readonly #options: UpgradeLogOptions;
  readonly #startedAt: number;
  #text = "";

  constructor(options: UpgradeLogOptions) {
    this.#options = options;
    this.#startedAt = options.now();
  }

  async say(line: string): Promise<void> {
    await this.#write("running", line, null);
  }

  async end(state: "done" | "failed", line: string, error: string | null): Promise<void> {
    await this.#write(state, line, error);
  }

  async #write(state: UpgradeStatus["state"], line: string, error: string | null): Promise<void> {
    const { onLine, now, write, targetVersion } = this.#options;
    onLine(line);
    this.#text = tailOf(`${this.#text}${new Date(now()).toISOString()} ${line}\n`);
    const finishedAt = state === "running" ? null : now();
    const times = { startedAt: this.#startedAt, finishedAt };
    await write({ state, targetVersion, ...times, error, logTail: this.#text, pid: process.pid });
  }
}

/** Its last bytes, beginning at a whole character. */
export function tailOf(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= TAIL_BYTES) return text;
  let start = bytes.length - TAIL_BYTES;
  while (((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return bytes.subarray(start).toString();
}
