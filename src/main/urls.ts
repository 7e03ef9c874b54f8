/** The addresses that people are shown. */

import type { Config } from "./config.ts";

/** Where the server itself answers, e.g. `http://127.0.0.1:8080`. */
export function serverUrl(config: Config, port: number): string {
  const { host } = config.address;
  const isAny = host === null || host === "0.0.0.0" || host === "::";
  const shown = isAny ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  return `http://${shown}${port === 80 ? "" : `:${port}`}`;
}

/** Where a function answers, e.g. `http://hello.localhost:8080/`. */
export function functionUrl(config: Config, port: number, routeName: string): string {
  return `http://${routeName}.${config.baseDomain ?? "localhost"}${port === 80 ? "" : `:${port}`}/`;
}
