/** Names that no function may have on this server. */

import { RESERVED_ROUTE_NAMES } from "../domain/names.ts";
import type { Config } from "./config.ts";

/** The platform's words, and the first labels of its own hosts. */
export function reservedNames({ baseDomain, pathHost }: Pick<Config, "baseDomain" | "pathHost">): readonly string[] {
  const own = [baseDomain, pathHost].flatMap((host) => host?.split(".")[0] ?? []);
  return [...new Set([...RESERVED_ROUTE_NAMES, ...own])];
}
