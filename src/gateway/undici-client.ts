/**
 * undici's HTTP/1 client alone. The package's main module also loads fetch, caches and mocks, which costs every worker
 * 10 MB of memory (measured) for what it never uses.
 */

import { createRequire } from "node:module";
import type { Client as UndiciClient } from "undici";

export const Client: typeof UndiciClient = createRequire(import.meta.url)("undici/lib/dispatcher/client.js");
export type Client = UndiciClient;
