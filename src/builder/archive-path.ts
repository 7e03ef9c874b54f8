/**
 * Which paths an archive may bring, as pure checks: nothing absolute, nothing that leaves the tree, nothing that two
 * systems would read differently. A path is refused, never repaired: a repaired one would be another file.
 */

import { AppError } from "../domain/errors.ts";

const MAX_PATH_BYTES = 1024;
const MAX_NAME_BYTES = 255;

/**
 * The path with `./`, doubled and trailing slashes taken away; empty for the root itself.
 * @throws AppError `invalid` naming the path and what is wrong with it
 */
export function cleanArchivePath(raw: string): string {
  const refuse = (reason: string): AppError => refusedEntry(raw, reason);
  if (raw.includes("\0")) throw refuse("holds a NUL character");
  if (raw.includes("\uFFFD")) throw refuse("is not valid UTF-8");
  if (raw.includes("\\")) throw refuse("holds a backslash");
  if (raw.startsWith("/")) throw refuse("is absolute");
  if (/^[A-Za-z]:/.test(raw)) throw refuse("starts with a drive letter");
  const names = raw.split("/").filter((name) => name !== "" && name !== ".");
  if (names.includes("..")) throw refuse("leads out of the archive");
  if (names.some((name) => Buffer.byteLength(name) > MAX_NAME_BYTES)) throw refuse("has a name of over 255 bytes");
  const path = names.join("/");
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw refuse("is longer than 1024 bytes");
  return path;
}

/**
 * Checks that a symbolic link stays inside the tree. Leading `..` are counted against the link's own folder, which is
 * a real one (see ArchiveIndex); a `..` further on could climb out through another link and is refused.
 * @throws AppError `invalid`
 */
export function checkLinkTarget(path: string, target: string): void {
  const refuse = (reason: string): AppError =>
    refusedEntry(path, `is a link to ${JSON.stringify(target)}, which ${reason}`);
  if (target === "" || target.includes("\0") || target.includes("\\")) throw refuse("is no path");
  if (target.startsWith("/") || /^[A-Za-z]:/.test(target)) throw refuse("is absolute");
  const names = target.split("/").filter((name) => name !== "" && name !== ".");
  const firstName = names.findIndex((name) => name !== "..");
  const climbs = firstName === -1 ? names.length : firstName;
  if (names.slice(climbs).includes("..")) throw refuse("goes down and up again");
  if (climbs > path.split("/").length - 1) throw refuse("leads out of the archive");
}

/** True for what operating systems add to archives by themselves. */
export function isArchiveLitter(path: string): boolean {
  const names = path.split("/");
  return names[0] === "__MACOSX" || names.at(-1) === ".DS_Store";
}

/** The one form of all refusals of an entry. */
export function refusedEntry(path: string, reason: string): AppError {
  const shown = JSON.stringify(path.length > 120 ? `${path.slice(0, 120)}…` : path);
  return new AppError("invalid", `file: the archive's entry ${shown} ${reason}`, {
    fields: { file: [`entry ${shown} ${reason}`] },
    remedy: "Make the archive anew from inside the folder, e.g. `zip -r ../app.zip .`",
  });
}
