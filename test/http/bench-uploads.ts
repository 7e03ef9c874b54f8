/** Uploads for a bench that are in order unless told otherwise. */

import { zipOf } from "../archives.ts";
import type { Part } from "./form.ts";

let lastPort = 30_000;

/** A port no other function of this process was given. */
export function freePort(): number {
  lastPort += 1;
  return lastPort;
}

/** The parts of a good upload, with changes; a change to undefined leaves the part out. */
export function uploadParts(changes: Readonly<Record<string, string | Uint8Array | undefined>> = {}): readonly Part[] {
  const name = String(changes.name ?? "hello");
  const values = {
    name,
    tag: `tag-${name}`,
    runtime: "static",
    port: String(freePort()),
    file: zipOf({ "index.html": `<h1>${name}</h1>` }),
    ...changes,
  };
  return Object.entries(values).flatMap(([field, value]) => {
    if (value === undefined) return [];
    return [{ name: field, value, ...(field === "file" && { file: "code.zip" }) }];
  });
}
