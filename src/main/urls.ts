/** The addresses that people are shown. */

import type { RouteBases } from "../domain/route-urls.ts";
import type { Config } from "./config.ts";

/** Where the server itself answers, e.g. `http://127.0.0.1:8080`. */
export function serverUrl(config: Config, port: number): string {
  const { host } = config.address;
  const isAny = host === null || host === "0.0.0.0" || host === "::";
  const shown = isAny ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  return `http://${shown}${portText(port)}`;
}

/** Where a function answers, e.g. `http://hello.localhost:8080/`. */
export function functionUrl(config: Config, port: number, routeName: string): string {
  return `http://${routeName}.${config.baseDomain ?? "localhost"}${portText(port)}/`;
}

/** What the addresses of hosts and paths are made of. */
export function routeBases(config: Config, port: number): RouteBases {
  const { pathHost } = config;
  const pathBase = pathHost === null ? serverUrl(config, port) : `http://${pathHost}${portText(port)}`;
  return { portText: portText(port), pathBase };
}

function portText(port: number): string {
  return port === 80 ? "" : `:${port}`;
}
