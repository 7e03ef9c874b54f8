/**
 * A command line in its words, as a shell splits it: white space between words, '…' and "…" around them, a backslash
 * before a character (in "…" before " and \ only). Nothing is expanded. Undefined: a quote is not closed.
 */
export function splitWords(text: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let i = 0; i < text.length; i += 1) {
    const character = text[i] ?? "";
    const next = text[i + 1];
    const isEscape =
      character === "\\" && quote !== "'" && next !== undefined && (quote === undefined || /["\\]/.test(next));
    if (isEscape) {
      word = `${word ?? ""}${next}`;
      i += 1;
    } else if (character === quote) {
      quote = undefined;
    } else if (quote !== undefined) {
      word = `${word ?? ""}${character}`;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= "";
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = `${word ?? ""}${character}`;
    }
  }
  if (quote !== undefined) return undefined;
  if (word !== undefined) words.push(word);
  return words;
}
