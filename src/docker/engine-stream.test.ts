import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type OutputFrame, readFrames, readLines } from "./engine-stream.ts";
import { joinLines } from "./instance-logs.ts";

async function* cut(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let offset = 0;
  for (let i = 0; offset < bytes.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1;
    yield bytes.subarray(offset, offset + size);
    offset += size;
  }
}

function frame(kind: number, text: string): Buffer {
  const content = Buffer.from(text);
  const head = Buffer.from([kind, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(content.length, 4);
  return Buffer.concat([head, content]);
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe("readFrames", () => {
  it("finds the same frames however the bytes arrive", async () => {
    const frames = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.string({ unit: "grapheme" })), { minLength: 1 });
    const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(frames, sizes, async (sent, cuts) => {
        const bytes = Buffer.concat(sent.map(([kind, text]) => frame(kind, text)));
        const got = (await all(readFrames(cut(bytes, cuts)))).map((f) => [f.stream, f.content.toString()]);
        assert.deepEqual(
          got,
          sent.map(([kind, text]) => [kind === 1 ? "stdout" : "stderr", text]),
        );
      }),
      { numRuns: 50 },
    );
  });

  it("refuses what is no such format", async () => {
    await assert.rejects(all(readFrames(cut(Buffer.from("plain text, no frames"), [64]))));
  });
});

describe("joinLines", () => {
  const time = "2026-01-02T03:04:05.678901234Z";
  async function* frames(...list: [OutputFrame["stream"], string][]): AsyncGenerator<OutputFrame> {
    for (const [stream, text] of list) yield { stream, content: Buffer.from(`${time} ${text}`) };
  }

  it("puts the pieces of a line together, each stream's for itself", async () => {
    const lines = await all(joinLines(frames(["stdout", "one "], ["stderr", "other\n"], ["stdout", "line\n"])));
    const at = Date.parse("2026-01-02T03:04:05.678Z");
    assert.deepEqual(lines, [
      { stream: "stderr", line: "other", at },
      { stream: "stdout", line: "one line", at },
    ]);
  });

  it("gives out at the end what has no newline, and keeps empty lines", async () => {
    const lines = await all(joinLines(frames(["stdout", "\n"], ["stdout", "half"])));
    assert.deepEqual(
      lines.map(({ line }) => line),
      ["", "half"],
    );
  });

  it("cuts a line that never ends", async () => {
    const piece = "x".repeat(16 * 1024);
    const lines = await all(
      joinLines(frames(...Array.from({ length: 130 }, () => ["stdout", piece] as ["stdout", string]))),
    );
    assert.equal(lines.length, 3);
    assert.equal(lines.map(({ line }) => line).join("").length, 130 * piece.length);
  });
});

describe("readLines", () => {
  it("cuts at newlines wherever chunks end, within a character too", async () => {
    const lines = await all(readLines(cut(Buffer.from("größe\n\nzwei\nRest"), [1, 2])));
    assert.deepEqual(lines, ["größe", "", "zwei", "Rest"]);
  });
});
