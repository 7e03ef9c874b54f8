/** Aligned columns for people. Widths are counted without colour codes. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what starts a colour code
const COLOUR = /\u001b\[\d+m/g;

/** Rows under their heads, two spaces between columns, no trailing spaces; every line ends with `\n`. */
export function renderTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heads, ...rows];
  const widths = heads.map((_, column) => Math.max(...all.map((row) => widthOf(row[column] ?? ""))));
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - widthOf(cell)))
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}

/** Width of the widest line of a text, in characters. */
export function widthOfText(text: string): number {
  return Math.max(...text.split("\n").map(widthOf));
}

function widthOf(text: string): number {
  return text.replace(COLOUR, "").length;
}
