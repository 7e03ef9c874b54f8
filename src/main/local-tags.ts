/** What local images are called: `slipway/<name>:latest` and `:<unix time>`, and names for what ends with a command. Pure. */

import { KEPT_IMAGES } from "../domain/build.ts";

export function repositoryOf(name: string): string {
  return `slipway/${name}`;
}

export function latestTag(name: string): string {
  return `${repositoryOf(name)}:latest`;
}

/** `nowMs`: ms since the epoch; the tag has seconds. */
export function timeTag(name: string, nowMs: number): string {
  return `${repositoryOf(name)}:${Math.floor(nowMs / 1000)}`;
}

/** The tags of builds that are kept, newest first. */
export function timeTagsOf(name: string, tags: readonly string[]): readonly string[] {
  const start = `${repositoryOf(name)}:`;
  return tags
    .filter((tag) => tag.startsWith(start) && /^\d+$/.test(tag.slice(start.length)))
    .sort((a, b) => Number(b.slice(start.length)) - Number(a.slice(start.length)));
}

/** Tags of builds so old that they can go. `tags`: all of the function. */
export function tagsToForget(name: string, tags: readonly string[], keep = KEPT_IMAGES): readonly string[] {
  return timeTagsOf(name, tags).slice(keep);
}
