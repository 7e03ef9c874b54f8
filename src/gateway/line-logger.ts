/** The workers' log: JSON lines to standard output, which is `gateway.log`. Workers can't afford pino's memory. */

import type { Logger } from "../domain/logger.ts";

const LEVELS = { debug: 20, info: 30, warn: 40, error: 50 } as const;

export class LineLogger implements Logger {
  readonly #minimum: number;

  constructor(level: keyof typeof LEVELS = "info") {
    this.#minimum = LEVELS[level];
  }

  debug(fields: object, message: string): void {
    this.#write(LEVELS.debug, fields, message);
  }

  info(fields: object, message: string): void {
    this.#write(LEVELS.info, fields, message);
  }

  warn(fields: object, message: string): void {
    this.#write(LEVELS.warn, fields, message);
  }

  error(fields: object, message: string): void {
    this.#write(LEVELS.error, fields, message);
  }

  #write(level: number, fields: object, message: string): void {
    if (level < this.#minimum) return;
    const entry = { level, time: Date.now(), pid: process.pid, ...fields, msg: message };
    process.stdout.write(`${JSON.stringify(entry, (_key, value) => (value instanceof Error ? value.stack : value))}\n`);
  }
}
