import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { addRunFlags, argDefault, baseImagesOf, parseDockerfile } from "./dockerfile.ts";

const FLAGS = "--mount=type=secret,id=s,target=/x";

test("each RUN gets the flags, in whatever case it is written", () => {
  assert.equal(
    addRunFlags('FROM a\nRUN x\n  run y\nRun ["z"]\n', FLAGS),
    `FROM a\nRUN ${FLAGS} x\n  run ${FLAGS} y\nRun ${FLAGS} ["z"]\n`,
  );
});

test("lines that go on, comments among them and CRLF are left as they are", () => {
  const text = "FROM a\r\nRUN x \\\r\n# RUN no\r\n\r\n  RUN-like \\\r\n  RUN y\r\nRUN z\r\n";
  assert.equal(addRunFlags(text, FLAGS), text.replace("RUN x", `RUN ${FLAGS} x`).replace("RUN z", `RUN ${FLAGS} z`));
});

test("a heredoc's body is left alone, what follows it is not", () => {
  const text = "FROM a\nRUN <<EOF\nRUN no\nEOF\nCOPY <<-'X' /b\n\tRUN no\n\tX\nRUN z\n";
  assert.equal(addRunFlags(text, FLAGS), text.replace("RUN <<", `RUN ${FLAGS} <<`).replace("RUN z", `RUN ${FLAGS} z`));
});

test("a here-string is no heredoc", () => {
  const text = "FROM a\nRUN cat <<<EOF\nRUN z\n";
  assert.equal(addRunFlags(text, FLAGS), `FROM a\nRUN ${FLAGS} cat <<<EOF\nRUN ${FLAGS} z\n`);
});

test("the escape directive is followed", () => {
  const text = "# escape=`\nFROM a\nRUN dir C:\\\nRUN x `\n  RUN y\n";
  assert.equal(addRunFlags(text, FLAGS), `# escape=\`\nFROM a\nRUN ${FLAGS} dir C:\\\nRUN ${FLAGS} x \`\n  RUN y\n`);
});

test("ONBUILD RUN, comments and words that start with RUN are left alone", () => {
  const text = "FROM a\nONBUILD RUN x\n# RUN y\nRUNNER z\n";
  assert.equal(addRunFlags(text, FLAGS), text);
});

const line = fc.oneof(
  fc.constantFrom(
    "RUN a",
    "run b \\",
    "RUN <<EOF",
    "EOF",
    "# RUN c",
    "",
    "FROM x",
    "COPY . .",
    "ONBUILD RUN d",
    "ENV A=$B",
    "  RUN  e",
  ),
  fc.string(),
);

test("nothing but the flags is ever added, and only on lines that start with RUN", () => {
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const text = lines.join("\n");
      const before = text.split("\n");
      const after = addRunFlags(text, FLAGS).split("\n");
      assert.equal(after.length, before.length);
      for (const [i, changed] of after.entries()) {
        if (changed === before[i]) continue;
        assert.match(before[i] ?? "", /^\s*run\s/i);
        assert.equal(changed.replace(` ${FLAGS}`, ""), before[i]);
      }
    }),
  );
});

test("parsing never throws and finds each instruction on its own line", () => {
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const found = parseDockerfile(lines.join("\n")).map((instruction) => instruction.line);
      assert.deepEqual(
        found,
        [...new Set(found)].sort((a, b) => a - b),
      );
    }),
  );
});

test("base images are found through arguments; stages of the file and scratch are none", () => {
  const text = `ARG BASE=node:24
ARG TAG="1"
FROM --platform=linux/amd64 \${BASE} AS build
FROM other:$TAG
FROM build AS last
COPY --from=build / /
FROM scratch
FROM \${NONE:-fallback:2}
`;
  assert.deepEqual(baseImagesOf(text, {}), ["node:24", "other:1", "fallback:2"]);
  assert.deepEqual(baseImagesOf(text, { BASE: "mine:1", UNUSED: "x" }), ["mine:1", "other:1", "fallback:2"]);
});

test("an argument's default counts only before the first FROM", () => {
  assert.equal(argDefault("# c\nARG BASE_IMAGE='a:1'\nFROM x\n", "BASE_IMAGE"), "a:1");
  assert.equal(argDefault("FROM x\nARG BASE_IMAGE=a:1\n", "BASE_IMAGE"), undefined);
  assert.equal(argDefault("ARG BASE_IMAGE\nFROM x\n", "BASE_IMAGE"), undefined);
});
