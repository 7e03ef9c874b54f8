/** Server-sent events out of a text stream: `event` and `data` of each; comments (pings) are dropped. */

export type ServerSentEvent = { readonly event: string; readonly data: string };

/** Events in order; a last one without its empty line is dropped, as the standard has it. */
export async function* readServerSentEvents(pieces: AsyncIterable<string>): AsyncIterable<ServerSentEvent> {
  let event = "message";
  let data: string[] = [];
  for await (const line of linesOf(pieces)) {
    if (line === "") {
      if (data.length > 0) yield { event, data: data.join("\n") };
      event = "message";
      data = [];
      continue;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") event = value;
    else if (field === "data") data.push(value);
  }
}

/** Whole lines without their end, `\n` or `\r\n`; a rest without an end is dropped. */
async function* linesOf(pieces: AsyncIterable<string>): AsyncIterable<string> {
  let rest = "";
  for await (const piece of pieces) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield line.endsWith("\r") ? line.slice(0, -1) : line;
  }
}
