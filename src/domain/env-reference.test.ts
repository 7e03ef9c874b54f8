import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { REFERENCE_PARTS, referencesIn, renameReferences, replaceReferences } from "./env-reference.ts";

const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/);
const part = fc.constantFrom(...REFERENCE_PARTS);
const space = fc.constantFrom("", " ", "  ", "\t");

/** Text between references. It has no `$`, so that none comes about where two pieces meet. */
const plain = fc.string({ maxLength: 12 }).map((text) => text.replaceAll("$", "."));

type Piece = { readonly text: string; readonly name?: string };

const reference = fc
  .tuple(space, name, part, space)
  .map(([before, to, what, after]): Piece => ({ text: `\${{${before}${to}.${what}${after}}}`, name: to }));
const pieces = fc.array(
  fc.oneof(
    plain.map((text): Piece => ({ text })),
    reference,
  ),
  { maxLength: 8 },
);
const textOf = (all: readonly Piece[]): string => all.map(({ text }) => text).join("");

test("each reference is found, once per name, in order, however it is spaced", () => {
  fc.assert(
    fc.property(pieces, (all) => {
      const names = all.flatMap((piece) => piece.name ?? []);
      assert.deepEqual(referencesIn(textOf(all)), [...new Set(names)]);
    }),
  );
});

test("what nobody knows stays as it is, and what is no reference is never touched", () => {
  fc.assert(
    fc.property(pieces, (all) => {
      assert.equal(
        replaceReferences(textOf(all), () => undefined),
        textOf(all),
      );
      const replaced = replaceReferences(textOf(all), (to, what) => `<${to}|${what}>`);
      assert.deepEqual(referencesIn(replaced), []);
      for (const { text, name: to } of all) if (to === undefined) assert.ok(replaced.includes(text));
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => replaceReferences(text, () => undefined) === text));
});

test("a value put in is text: patterns of replacements and references in it mean nothing", () => {
  for (const value of ["$&", "$1", "$$", "${{ other.HOST }}"]) {
    assert.equal(
      replaceReferences("a ${{ db.HOST }} b", () => value),
      `a ${value} b`,
    );
  }
});

test("renamed there and back means the same; other names stay", () => {
  fc.assert(
    fc.property(pieces, name, name, (all, from, to) => {
      const text = textOf(all);
      fc.pre(!referencesIn(text).includes(to));
      const renamed = renameReferences(text, from, to);
      assert.deepEqual(
        referencesIn(renamed),
        referencesIn(text).map((one) => (one === from ? to : one)),
      );
      const mean = (value: string): string => replaceReferences(value, (one, what) => `<${one}|${what}>`);
      assert.equal(mean(renameReferences(renamed, to, from)), mean(text));
    }),
  );
});

test("names are found whatever their case; shell variables, other parts and half references are none", () => {
  assert.deepEqual(referencesIn("${{ Db.HOST }}:${{DB.PORT}}"), ["db"]);
  assert.equal(renameReferences("${{ DB.URL }}", "db", "store"), "${{ store.URL }}");
  for (const text of [
    "${HOME}",
    "$HOME",
    "${{ db.host }}",
    "${{ db.NAME }}",
    "${{ db }}",
    "${{ -db.HOST }}",
    "${{ db.HOST }",
    "${ { db.HOST }}",
    "${{ d b.HOST }}",
    "{{ db.HOST }}",
  ]) {
    assert.deepEqual(referencesIn(text), [], text);
    assert.equal(
      replaceReferences(text, () => "never"),
      text,
    );
  }
});

test("a long value of almost references is read in no time", () => {
  assert.deepEqual(referencesIn(`\${{ ${"a".repeat(65_000)}`), []);
  assert.deepEqual(referencesIn("${{ ".repeat(16_000)), []);
  assert.deepEqual(referencesIn(`\${{${" ".repeat(65_000)}`), []);
});
