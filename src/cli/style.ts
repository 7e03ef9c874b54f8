/** Colours for people: on a terminal only, and not when NO_COLOR is set (https://no-color.org) or TERM is dumb. */

import type { CliOutputStream } from "./cli-deps.ts";

export type Paint = (text: string) => string;
export type Style = {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  /** In a colour that is always the same for `key`. */
  readonly byKey: (text: string, key: string) => string;
};

/** Readable on light and dark; red and yellow mean something elsewhere. */
const KEY_COLOURS = [36, 35, 34, 32, 96, 95, 94, 92];

const PLAIN: Style = { bold: same, dim: same, red: same, green: same, yellow: same, byKey: same };
const COLOURED: Style = {
  bold: paint(1, 22),
  dim: paint(2, 22),
  red: paint(31, 39),
  green: paint(32, 39),
  yellow: paint(33, 39),
  byKey: (text, key) => paint(KEY_COLOURS[hashOf(key) % KEY_COLOURS.length] ?? 36, 39)(text),
};

export function styleFor(stream: CliOutputStream, env: Readonly<Record<string, string | undefined>>): Style {
  const isWanted = stream.isTTY === true && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";
  return isWanted ? COLOURED : PLAIN;
}

/** A status word in the colour of what it means. */
export function paintStatus(style: Style, status: string): string {
  if (["running", "healthy", "ready", "succeeded"].includes(status)) return style.green(status);
  if (status === "failed") return style.red(status);
  if (["deploying", "building", "starting", "pending", "degraded"].includes(status)) return style.yellow(status);
  return style.dim(status);
}

function same(text: string): string {
  return text;
}

function paint(on: number, off: number): Paint {
  return (text) => `\u001b[${on}m${text}\u001b[${off}m`;
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash;
}
