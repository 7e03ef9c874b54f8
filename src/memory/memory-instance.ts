/** One instance of the memory driver: its state, and its log, which readers may follow while it grows. */

import type { InstanceLogLine, InstanceSpec, ObservedInstance } from "../domain/driver.ts";
import { AppError } from "../domain/errors.ts";

export class MemoryInstance {
  readonly runtimeId: string;
  readonly name: string;
  readonly spec: InstanceSpec;
  readonly imageId: string;
  /** What it answers to on its project's network. */
  names: readonly string[] = [];
  readonly #address: string;
  #state: ObservedInstance["state"] = "created";
  #exitCode: number | null = null;
  #wasOomKilled = false;
  #startedAt: number | null = null;
  readonly #lines: InstanceLogLine[] = [];
  /** Wakes the readers that wait for a line or the end. */
  #waiting: (() => void)[] = [];

  constructor(made: Pick<MemoryInstance, "runtimeId" | "name" | "spec" | "imageId"> & { readonly address: string }) {
    this.runtimeId = made.runtimeId;
    this.name = made.name;
    this.spec = made.spec;
    this.imageId = made.imageId;
    this.#address = made.address;
  }

  get isRunning(): boolean {
    return this.#state === "running";
  }

  start(now: number): void {
    this.#state = "running";
    this.#exitCode = null;
    this.#wasOomKilled = false;
    this.#startedAt = now;
  }

  print(lines: readonly string[], stream: InstanceLogLine["stream"], now: number): void {
    this.#lines.push(...lines.map((line) => ({ stream, line, at: now })));
    this.#wake();
  }

  end(exitCode: number, wasOomKilled = false): void {
    this.#state = "exited";
    this.#exitCode = exitCode;
    this.#wasOomKilled = wasOomKilled;
    this.#wake();
  }

  observe(): ObservedInstance {
    const { serviceId, deploymentId, replica, projectSlug, image } = this.spec;
    return {
      runtimeId: this.runtimeId,
      name: this.name,
      serviceId,
      deploymentId,
      replica,
      projectSlug,
      image,
      imageId: this.imageId,
      state: this.#state,
      exitCode: this.#exitCode,
      wasOomKilled: this.#wasOomKilled,
      startedAt: this.#startedAt,
      address: this.#address,
      names: this.names,
    };
  }

  async *logs(
    options: { readonly tail: number; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<InstanceLogLine> {
    let next = Math.max(0, this.#lines.length - options.tail);
    while (!signal.aborted) {
      const line = this.#lines[next];
      if (line) {
        next += 1;
        yield line;
      } else if (options.follow && this.isRunning) {
        await this.#change(signal);
      } else {
        return;
      }
    }
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener("abort", wake);
        resolve();
      };
      signal.addEventListener("abort", wake, { once: true });
      this.#waiting.push(wake);
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

/** @throws AppError `not_found` */
export function requireInstance(instance: MemoryInstance | undefined, runtimeId: string): MemoryInstance {
  if (instance) return instance;
  throw new AppError("not_found", `No such instance: ${runtimeId}.`);
}
