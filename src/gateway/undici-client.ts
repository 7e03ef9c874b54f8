/**
 * undici's HTTP/1 client alone. The package's main module also loads fetch, caches and mocks, which costs every worker
 * 10 MB of memory (measured) for what it never uses.
 */

import { createRequire } from "node:module";
import type { Client as UndiciClient } from "undici";

const require = createRequire(import.meta.url);
// Otherwise read at the first request, when this process may be a user who can't read our code.
require("undici/lib/llhttp/llhttp_simd-wasm.js");

export const Client: typeof UndiciClient = require("undici/lib/dispatcher/client.js");
export type Client = UndiciClient;
