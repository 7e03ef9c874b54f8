import assert from "node:assert/strict";
import { test } from "node:test";
import { splitWords } from "./split-words.ts";

test("words are split as a shell does, and nothing is expanded", () => {
  const cases: readonly (readonly [text: string, words: readonly string[] | undefined])[] = [
    ["", []],
    ["  nginx   -g ", ["nginx", "-g"]],
    ["nginx -g 'daemon off;'", ["nginx", "-g", "daemon off;"]],
    ['sh -c "echo \\"$HOME\\" \\n"', ["sh", "-c", 'echo "$HOME" \\n']],
    ["a'b'\"c\"d", ["abcd"]],
    ["a '' b", ["a", "", "b"]],
    ["a\\ b \\'", ["a b", "'"]],
    ["'a\\'", ["a\\"]],
    ["'open", undefined],
    ['"open', undefined],
  ];
  for (const [text, words] of cases) assert.deepEqual(splitWords(text), words, text);
});
