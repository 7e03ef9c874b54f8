/** One JSON value per line over a stream. A peer whose line is too long or no JSON is cut off. */

import type { Socket } from "node:net";
import { StringDecoder } from "node:string_decoder";

/** Longest line accepted, in UTF-16 units: a table of some 100,000 services. */
export const MAX_LINE_LENGTH = 64 * 1024 * 1024;

export function writeLine(socket: Socket, value: unknown): void {
  if (socket.writable) socket.write(`${JSON.stringify(value)}\n`);
}

/** Calls `onValue` for each line, in order; destroys the socket with an error for what is no line of JSON. */
export function readLines(socket: Socket, onValue: (value: unknown) => void, maxLength = MAX_LINE_LENGTH): void {
  const decoder = new StringDecoder("utf8");
  let parts: string[] = [];
  let length = 0;
  socket.on("data", (chunk: Buffer) => {
    const pieces = decoder.write(chunk).split("\n");
    const rest = pieces.pop() ?? "";
    for (const piece of pieces) {
      const line = parts.length > 0 ? parts.join("") + piece : piece;
      parts = [];
      length = 0;
      const parsed = parse(line);
      if (parsed === undefined) {
        socket.destroy(new Error("a line is no JSON"));
        return;
      }
      onValue(parsed.value);
    }
    if (rest === "") return;
    parts.push(rest);
    length += rest.length;
    if (length > maxLength) socket.destroy(new Error("a line is too long"));
  });
}

function parse(line: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(line) };
  } catch {
    return undefined;
  }
}
