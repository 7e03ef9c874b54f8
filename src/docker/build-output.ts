/**
 * The answer of the build endpoint: JSON objects one per line, BuildKit's traces among them. An `error` in it is a
 * failed build although the status was 200.
 */

import { AppError } from "../domain/errors.ts";
import { BuildkitTrace } from "./buildkit-trace.ts";

type OutputLine = {
  readonly id?: string;
  readonly stream?: string;
  readonly status?: string;
  readonly aux?: string | { readonly ID?: string };
  readonly error?: string;
};

/** Log lines that are kept for the error of a failed build. */
const TAIL_LINES = 30;

/** Reads one build's answer chunk by chunk. */
export class BuildOutput {
  readonly #trace: BuildkitTrace;
  readonly #onText: (text: string) => void;
  readonly #tail: string[] = [];
  #pending = "";
  #imageId: string | undefined;
  #error: string | undefined;
  #classicStep: string | undefined;

  constructor(secretIds: readonly string[], onText: (text: string) => void) {
    this.#trace = new BuildkitTrace(secretIds);
    this.#onText = onText;
  }

  write(chunk: string): void {
    const lines = (this.#pending + chunk).split("\n");
    this.#pending = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") this.#readLine(JSON.parse(line) as OutputLine);
  }

  /** The image's id. @throws AppError `build_failed` or `disk_full` when the build failed or broke off */
  finish(): string {
    if (this.#pending.trim() !== "") this.write("\n");
    this.#emit(this.#trace.end());
    if (this.#error !== undefined) throw this.#failure(this.#error);
    if (this.#imageId === undefined) throw this.#failure("the engine broke off the build");
    return this.#imageId;
  }

  #readLine(line: OutputLine): void {
    if (line.error !== undefined) this.#error = line.error;
    else if (line.id === "moby.buildkit.trace" && typeof line.aux === "string") this.#emit(this.#trace.read(line.aux));
    else if (typeof line.aux === "object" && line.aux.ID !== undefined) this.#imageId = line.aux.ID;
    else if (line.stream !== undefined) this.#emitClassic(line.stream);
  }

  #emitClassic(text: string): void {
    const step = /^Step \d+\/\d+ : (.*)/.exec(text)?.[1];
    if (step !== undefined) this.#classicStep = step.trim();
    if (text.trim() !== "" && !text.startsWith("Successfully tagged"))
      this.#emit(text.endsWith("\n") ? text : `${text}\n`);
  }

  #emit(text: string): void {
    if (text === "") return;
    this.#tail.push(...text.split("\n").filter((line) => line.trim() !== ""));
    this.#tail.splice(0, Math.max(0, this.#tail.length - TAIL_LINES));
    this.#onText(text);
  }

  #failure(engineWords: string): AppError {
    const words = engineWords.replace(
      /^(failed to solve[^:]*: |failed to create LLB definition: |rpc error: code = \w+ desc = )+/,
      "",
    );
    this.#emit(`ERROR: ${words}\n`);
    const logTail = this.#tail.join("\n");
    if (/no space left on device/i.test(`${words}\n${logTail}`)) {
      return new AppError("disk_full", "The disk of the Docker engine is full.", { logTail });
    }
    return new AppError("build_failed", this.#failureMessage(words), { logTail });
  }

  #failureMessage(words: string): string {
    const exitCode = /exit code: (\d+)|non-zero code: (\d+)/.exec(words);
    const code = exitCode?.[1] ?? exitCode?.[2];
    const step = this.#trace.failedStep ?? (code === undefined ? undefined : this.#classicStep);
    if (step === undefined || step.startsWith("[internal]") || step.startsWith("copy /context")) {
      return `The build failed: ${words}`;
    }
    return code === undefined
      ? `The build failed at \`${step}\`: ${words}`
      : `The build failed at \`${step}\` with exit code ${code}: ${this.#lastWords()}`;
  }

  /** What a step wrote to its standard error last, else the last line before the engine's own error line. */
  #lastWords(): string {
    return this.#trace.lastErrorLine ?? this.#tail.at(-2) ?? "it printed nothing";
  }
}
