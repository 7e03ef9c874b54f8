import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "../domain/errors.ts";
import { BuildOutput } from "./build-output.ts";
import { bytesField, readFields } from "./buildkit-protobuf.ts";

const RUN_STEP = "[2/2] RUN --mount=type=secret,id=mine,target=/x,mode=0444 npm ci";

/** A trace message as BuildKit sends it: one step, or one piece of a step's output. */
function trace(message: {
  readonly step?: string;
  readonly error?: string;
  readonly output?: string;
  readonly isStderr?: boolean;
}): string {
  const digest = bytesField(1, Buffer.from("sha256:1"));
  const text = (number: number, value: string | undefined) =>
    value === undefined ? Buffer.alloc(0) : bytesField(number, Buffer.from(value));
  const field =
    message.output === undefined
      ? bytesField(
          1,
          Buffer.concat([digest, text(3, message.step), bytesField(5, Buffer.from([8, 1])), text(7, message.error)]),
        )
      : bytesField(3, Buffer.concat([digest, Buffer.from([0x18, message.isStderr ? 2 : 1]), text(4, message.output)]));
  return `${JSON.stringify({ id: "moby.buildkit.trace", aux: field.toString("base64") })}\n`;
}

function read(answer: string, secretIds: readonly string[] = []): { text: string; outcome: () => string } {
  let text = "";
  const output = new BuildOutput(secretIds, (more) => {
    text += more;
  });
  for (let i = 0; i < answer.length; i += 7) output.write(answer.slice(i, i + 7));
  let result: string | Error = "";
  try {
    result = output.finish();
  } catch (error) {
    result = error as Error;
  }
  return {
    text,
    outcome: () => {
      if (result instanceof Error) throw result;
      return result;
    },
  };
}

const IMAGE = '{"id":"moby.image.id","aux":{"ID":"sha256:abc"}}\n';

test("steps stand once, output in whole lines, and mounts of our secrets are not shown", () => {
  const answer =
    trace({ step: RUN_STEP }) +
    trace({ step: RUN_STEP }) +
    trace({ output: "ad" }) +
    trace({ output: "ded\n10%\r100%\nrest" }) +
    IMAGE;
  const { text, outcome } = read(answer, ["mine"]);
  assert.equal(text, "[2/2] RUN npm ci\nadded\n100%\nrest\n");
  assert.equal(outcome(), "sha256:abc");
});

test("mounts a person wrote are shown", () => {
  assert.match(read(trace({ step: RUN_STEP }) + IMAGE, ["other"]).text, /--mount=type=secret,id=mine/);
});

test("an error inside the answer is a failed build that names step, exit code and last words", () => {
  const words = "executor failed running [/bin/sh -c npm ci]: exit code: 1";
  const answer =
    trace({ step: RUN_STEP }) +
    trace({ output: "npm error nope\n" }) +
    trace({ step: RUN_STEP, error: words }) +
    JSON.stringify({ error: words });
  assert.throws(read(answer, ["mine"]).outcome, {
    code: "build_failed",
    message: "The build failed at `RUN npm ci` with exit code 1: npm error nope",
    logTail: /npm error nope/,
  });
});

test("the last words are those of standard error, whatever order the engine sends the streams in", () => {
  const words = "executor failed running [/bin/sh -c npm ci]: exit code: 1";
  const output = trace({ output: "the reason\n", isStderr: true }) + trace({ output: "chatter\n" });
  const answer =
    trace({ step: RUN_STEP }) + output + trace({ step: RUN_STEP, error: words }) + JSON.stringify({ error: words });
  assert.throws(read(answer, ["mine"]).outcome, { message: /with exit code 1: the reason$/ });
});

test("the classic builder's failure names its step, too", () => {
  const lines = [
    { stream: "Step 1/2 : FROM a\n" },
    { stream: "Step 2/2 : RUN false\n" },
    { stream: "oh\n" },
    { error: "The command '/bin/sh -c false' returned a non-zero code: 1" },
  ];
  assert.throws(read(lines.map((line) => `${JSON.stringify(line)}\n`).join("")).outcome, {
    message: "The build failed at `RUN false` with exit code 1: oh",
  });
});

test("a full disk has its own code", () => {
  assert.throws(read('{"error":"write /x: no space left on device"}').outcome, { code: "disk_full" });
});

test("an answer that ends without an image is a failure", () => {
  assert.throws(
    read(trace({ step: RUN_STEP })).outcome,
    (error) => error instanceof AppError && error.code === "build_failed",
  );
});

test("a protobuf message that is cut short or unknown is an error, not an endless loop", () => {
  assert.throws(() => readFields(Buffer.from([0x0a, 5, 1])), RangeError);
  assert.throws(() => readFields(Buffer.from([0x0f])), RangeError);
  assert.throws(() => readFields(Buffer.from([0x80])), RangeError);
});
