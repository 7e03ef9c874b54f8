import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "../domain/errors.ts";
import type { ServiceLogLineView } from "./api-views.ts";
import { followLogLines, MOST_SERVICE_LINES, readLogLines } from "./log-line-follower.ts";

const END = "event: end\ndata: {}\n\n";
const line = (at: string, text: string, container_id = "a") =>
  `data: ${JSON.stringify({ container_id, stream: "stdout", line: text, at })}\n\n`;

async function* answer(pieces: readonly (string | Error)[]): AsyncGenerator<string> {
  yield "";
  for (const piece of pieces) {
    if (piece instanceof Error) throw piece;
    yield piece;
  }
}

/** What is shown of these connections, one after the other, and the tails they were asked with. */
async function followed(connections: readonly (readonly (string | Error)[] | Error)[], tail = 2) {
  const asked: number[] = [];
  const shown: string[] = [];
  let lost = 0;
  const lines = followLogLines<ServiceLogLineView>({
    tail,
    open: (wanted) => {
      const next = connections[asked.length] ?? [END];
      asked.push(wanted);
      if (next instanceof Error) throw next;
      return readLogLines(answer(next));
    },
    signal: new AbortController().signal,
    onLost: () => {
      lost += 1;
    },
  });
  for await (const { line } of lines) shown.push(line);
  return { asked, shown, lost };
}

const gone = new AppError("unavailable", "http://127.0.0.1:1 can't be reached.");

test("a stream that breaks off is taken up again: nothing twice, nothing left out, also of lines of the same moment", async () => {
  const { shown, asked, lost } = await followed([
    [line("1", "one"), line("2", "two"), line("2", "two"), line("2", "b two", "b")],
    [line("0", "zero"), line("1", "one"), line("2", "two"), line("2", "two"), line("2", "two"), gone],
    gone,
    [line("2", "two"), line("2", "two"), line("2", "two"), line("3", "three"), line("3", "new", "c"), END],
  ]);
  assert.deepEqual(shown, ["one", "two", "two", "b two", "two", "three", "new"]);
  assert.deepEqual(asked, [2, ...Array(3).fill(MOST_SERVICE_LINES)]);
  assert.equal(lost, 2);
});

test("what was older than the past lines asked for does not come after a break", async () => {
  const { shown } = await followed([
    [line("5", "five")],
    [line("1", "old", "quiet"), line("5", "five"), line("6", "six", "quiet"), END],
  ]);
  assert.deepEqual(shown, ["five", "six"]);
});

test("nothing was shown yet: the same is asked for again", async () => {
  const { asked, shown } = await followed([[], [gone], [line("1", "one"), END]], 0);
  assert.deepEqual(asked, [0, 0, 0]);
  assert.deepEqual(shown, ["one"]);
});

test("a server that was never there, and one that refuses later, are errors", async () => {
  await assert.rejects(followed([gone]), gone);
  const refused = new AppError("not_found", "Nothing of it runs.");
  await assert.rejects(followed([[line("1", "one")], refused]), refused);
});

test("the end that the server says is the end", async () => {
  const { asked } = await followed([[line("1", "one"), END]]);
  assert.equal(asked.length, 1);
});
