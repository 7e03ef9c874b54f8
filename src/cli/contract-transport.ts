/** Carries requests of the contract (src/api/) over HTTP. */

import type { Transport } from "../api/client.ts";
import type { Call, HttpClient } from "./http-client.ts";

export function contractTransport(http: HttpClient): Transport {
  return ({ method, path, query, body }) => {
    const flags = Object.entries(query).map(([key, value]) => [
      key,
      typeof value === "boolean" ? Number(value) : value,
    ]);
    return http.json(path, {
      method: method as NonNullable<Call["method"]>,
      query: Object.fromEntries(flags),
      ...(body !== undefined && { json: body }),
      limitMs: CONTRACT_LIMIT_MS,
    });
  };
}

/** Longest time a call of the contract may take, in milliseconds: a preset's image may have to be looked for. */
const CONTRACT_LIMIT_MS = 180_000;
