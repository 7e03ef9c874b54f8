/** Control's side of its channel to the holder. Without a holder (a test, a bare start) nothing is sent and none awaited. */

import type { ControlToHolder, HolderToControl } from "./messages.ts";

export class HolderLink {
  #workers: readonly number[] = [];
  #port: number | null = null;
  #onStop: (() => void) | undefined;
  #shallStop = false;

  private constructor() {}

  /** Resolves once the holder has said which workers are alive. */
  static open(): Promise<HolderLink> {
    const link = new HolderLink();
    // A terminal's Ctrl-C reaches the whole process group; when to end is the holder's to say.
    process.on("SIGINT", () => {});
    process.on("SIGHUP", () => {});
    process.on("SIGTERM", () => link.#stop());
    if (!process.connected) return Promise.resolve(link);
    process.on("disconnect", () => link.#stop());
    return new Promise((resolve) => {
      process.on("message", (message: HolderToControl) => {
        if (message.type === "stop") link.#stop();
        else {
          link.#workers = message.pids;
          link.#port = message.port;
          resolve(link);
        }
      });
    });
  }

  /** Pids of the holder's living workers. */
  get workers(): readonly number[] {
    return this.#workers;
  }

  /** The public port that was bound, null until then. */
  get port(): number | null {
    return this.#port;
  }

  /**
   * Calls `listener` once when control shall end: told so, or its holder is gone. At once when that came earlier, while
   * control was still starting.
   */
  onStop(listener: () => void): void {
    this.#onStop = listener;
    if (this.#shallStop) listener();
  }

  /** Control serves; from now on it is restarted when it ends. */
  ready(): void {
    this.#send({ type: "ready" });
  }

  /** New code takes over: this process is told to stop, then new workers replace the old. */
  reload(): void {
    this.#send({ type: "reload" });
  }

  killWorker(pid: number): void {
    this.#send({ type: "kill_worker", pid });
  }

  /** Ends the server with that message on stderr and exit code 1. */
  fatal(message: string): void {
    this.#send({ type: "fatal", message });
  }

  #stop(): void {
    if (this.#shallStop) return;
    this.#shallStop = true;
    this.#onStop?.();
  }

  #send(message: ControlToHolder): void {
    if (process.connected) process.send?.(message);
  }
}
