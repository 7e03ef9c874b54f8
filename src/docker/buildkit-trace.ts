/**
 * BuildKit's progress messages (`moby.buildkit.trace`: base64 of a protobuf StatusResponse) as a log for people: each
 * step once when it starts, its output in whole lines, and which step failed.
 */

import { readFields } from "./buildkit-protobuf.ts";

type Vertex = {
  readonly digest: string;
  readonly name: string;
  readonly isStarted: boolean;
  readonly isCached: boolean;
  readonly error: string;
};

/** The number of standard error in BuildKit's messages. */
const STDERR = 2;

/** Turns the messages of one build into log text. */
export class BuildkitTrace {
  readonly #shown = new Set<string>();
  readonly #partial = new Map<string, string>();
  readonly #addedMounts: RegExp;
  readonly #lastErrorLine = new Map<string, string>();
  #failed: { readonly step: string; readonly digest: string } | undefined;

  /** Mounts of `secretIds`, and of what comes with them, are left out of step names: the person did not write them. */
  constructor(secretIds: readonly string[]) {
    const ids = secretIds.map((id) => id.replace(/[^A-Za-z0-9_-]/g, "\\$&")).join("|");
    const secrets = ids === "" ? "" : `type=secret,id=(?:${ids})(?:,\\S*)?|`;
    this.#addedMounts = new RegExp(`--mount=(?:${secrets}type=tmpfs,target=/\\S+/slipway-\\S+)\\s+`, "g");
  }

  /** The step that ended with an error, as it stands in the Dockerfile, e.g. `RUN npm ci`. */
  get failedStep(): string | undefined {
    return this.#failed?.step;
  }

  /** The last line the failed step wrote to its standard error. The engine mixes the two streams as it likes. */
  get lastErrorLine(): string | undefined {
    return this.#failed && this.#lastErrorLine.get(this.#failed.digest);
  }

  /** Log text for one message; empty when it has nothing new. @throws RangeError for a message of another format */
  read(message: string): string {
    let text = "";
    for (const field of readFields(Buffer.from(message, "base64"))) {
      if (field.number === 1) text += this.#vertexText(readVertex(field.bytes));
      else if (field.number === 3) text += this.#outputText(field.bytes);
    }
    return text;
  }

  /** What was left of unfinished lines. */
  end(): string {
    const rest = [...this.#partial.values()].filter((line) => line !== "").map((line) => `${line}\n`);
    this.#partial.clear();
    return rest.join("");
  }

  #vertexText(vertex: Vertex): string {
    const name = vertex.name.replace(this.#addedMounts, "");
    if (vertex.error !== "")
      this.#failed ??= { step: name.replace(/^\[[^\]]*\d+\/\d+\]\s*/, ""), digest: vertex.digest };
    const isNoise = name.startsWith("[internal]") || name.startsWith("copy /context");
    if (isNoise || !(vertex.isStarted || vertex.isCached) || this.#shown.has(vertex.digest)) return "";
    this.#shown.add(vertex.digest);
    return vertex.isCached ? `${name} (cached)\n` : `${name}\n`;
  }

  #outputText(log: Buffer): string {
    const fields = readFields(log);
    const digest = fields.find((f) => f.number === 1)?.bytes.toString() ?? "";
    const message = fields.find((f) => f.number === 4)?.bytes.toString() ?? "";
    const isStderr = fields.some((f) => f.number === 3 && f.value === STDERR);
    const lastLine = message.split("\n").findLast((line) => line.trim() !== "");
    if (isStderr && lastLine !== undefined) this.#lastErrorLine.set(digest, afterLastReturn(lastLine));
    const lines = ((this.#partial.get(digest) ?? "") + message).split("\n");
    this.#partial.set(digest, lines.pop() ?? "");
    return lines.map((line) => `${afterLastReturn(line)}\n`).join("");
  }
}

/** A progress bar redraws its line with carriage returns; only the last drawing is worth keeping. */
function afterLastReturn(line: string): string {
  const trimmed = line.replace(/\r+$/, "");
  return trimmed.slice(trimmed.lastIndexOf("\r") + 1);
}

function readVertex(message: Buffer): Vertex {
  const fields = readFields(message);
  const text = (number: number): string => fields.find((f) => f.number === number)?.bytes.toString() ?? "";
  return {
    digest: text(1),
    name: text(3),
    isCached: fields.some((f) => f.number === 4 && f.value === 1),
    isStarted: fields.some((f) => f.number === 5),
    error: text(7),
  };
}
