/**
 * Where answers go. Standard output carries the result only: text for people, or with --json exactly one JSON document.
 * Notes, warnings and progress go to standard error; with --json notes are left out.
 */

import type { CliDeps } from "./cli-deps.ts";
import { type Style, styleFor } from "./style.ts";

export class Output {
  readonly isJson: boolean;
  /** Colours for standard output. */
  readonly style: Style;
  /** Width of the terminal that standard output is, in characters; undefined when it is none. */
  readonly columns: number | undefined;
  readonly #deps: Pick<CliDeps, "stdout" | "stderr" | "env">;

  constructor(deps: Pick<CliDeps, "stdout" | "stderr" | "env">, isJson: boolean) {
    this.#deps = deps;
    this.isJson = isJson;
    this.style = styleFor(deps.stdout, deps.env);
    this.columns = deps.stdout.isTTY === true ? deps.stdout.columns : undefined;
  }

  /** The command's result: `document` with --json, else `text`. Called once. */
  result(document: unknown, text: string): void {
    if (this.isJson) this.#deps.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    else this.text(text);
  }

  /** Raw text on standard output, its last line ended. */
  text(text: string): void {
    if (text !== "") this.#deps.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
  }

  /** A piece of text on standard output, as it is. */
  raw(text: string): void {
    this.#deps.stdout.write(text);
  }

  /** One JSON document on one line, for results that never end. */
  jsonLine(document: unknown): void {
    this.#deps.stdout.write(`${JSON.stringify(document)}\n`);
  }

  /** Something nice to know, on standard error. */
  note(text: string): void {
    if (!this.isJson) this.#deps.stderr.write(`${text}\n`);
  }

  /** Something to be aware of, on standard error, also with --json. */
  warn(text: string): void {
    const style = styleFor(this.#deps.stderr, this.#deps.env);
    this.#deps.stderr.write(`${style.yellow("warning:")} ${text}\n`);
  }
}
