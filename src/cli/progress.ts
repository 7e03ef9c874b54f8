/**
 * What is going on, on standard error: a spinner with the elapsed time on a terminal, plain lines elsewhere, nothing
 * with --json. Log lines are written above the spinner.
 */

import type { CliDeps } from "./cli-deps.ts";
import { formatElapsed, formatSeconds } from "./text-format.ts";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 100;
const DEFAULT_COLUMNS = 80;
const CLEAR_LINE = "\r\u001b[K";

export class Progress {
  readonly #deps: Pick<CliDeps, "stderr" | "now">;
  /** Nothing is shown. */
  readonly isQuiet: boolean;
  readonly #isLive: boolean;
  #timer: NodeJS.Timeout | undefined;
  #text = "";
  #startedAt = 0;
  #firstAt: number | undefined;
  #frame = 0;

  constructor(deps: Pick<CliDeps, "stderr" | "now" | "env">, isQuiet: boolean) {
    this.#deps = deps;
    this.isQuiet = isQuiet;
    this.#isLive = !isQuiet && deps.stderr.isTTY === true && deps.env.TERM !== "dumb";
  }

  /** A new step begins. */
  step(text: string): void {
    if (this.isQuiet) return;
    this.#text = text;
    this.#startedAt = this.#deps.now();
    this.#firstAt ??= this.#startedAt;
    if (!this.#isLive) {
      this.#deps.stderr.write(`${text}\n`);
      return;
    }
    this.#timer ??= setInterval(() => this.#draw(), FRAME_MS);
    this.#timer.unref();
    this.#draw();
  }

  /** Other words for the step under way; only a terminal shows them. */
  update(text: string): void {
    this.#text = text;
  }

  /** Whole lines, ended by `\n`, that stay. */
  lines(text: string): void {
    if (this.isQuiet || text === "") return;
    this.#deps.stderr.write(this.#timer === undefined ? text : `${CLEAR_LINE}${text}`);
    if (this.#timer !== undefined) this.#draw();
  }

  /** What has come of all steps, with the time they took together; the next step begins anew. */
  done(text: string): void {
    this.stop();
    const elapsed = this.#deps.now() - (this.#firstAt ?? this.#deps.now());
    this.#firstAt = undefined;
    this.lines(`${text} (${formatSeconds(elapsed)})\n`);
  }

  /** Takes the spinner away. Idempotent. */
  stop(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#deps.stderr.write(CLEAR_LINE);
  }

  #draw(): void {
    this.#frame = (this.#frame + 1) % FRAMES.length;
    const elapsed = ` (${formatElapsed(this.#deps.now() - this.#startedAt)})`;
    // A line that wraps could not be cleared any more.
    const room = (this.#deps.stderr.columns ?? DEFAULT_COLUMNS) - elapsed.length - 3;
    const text = this.#text.length > room ? `${this.#text.slice(0, Math.max(0, room - 1))}…` : this.#text;
    this.#deps.stderr.write(`${CLEAR_LINE}${FRAMES[this.#frame]} ${text}${elapsed}`);
  }
}
