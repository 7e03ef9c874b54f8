/** What clients learn about the server beside what they asked for. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Bench, openBench, PASSKEY } from "./api-bench.ts";

let bench: Bench;
before(async () => {
  bench = await openBench({ env: { SLIPWAY_UPLOAD_LIMIT: "1MiB", SLIPWAY_UNPACKED_LIMIT: "2MiB" } });
});
after(() => bench.close());

const headers = { authorization: PASSKEY };

test("every answer below /api says the server's version, refusals and unknown paths too; others do not", async () => {
  const { version } = (await bench.app.inject({ url: "/api/system/info", headers })).json<{ version: string }>();
  for (const [url, status] of [
    ["/api/functions", 200],
    ["/api/functions/nobody", 404],
    ["/api/nowhere", 404],
  ] as const) {
    const answer = await bench.app.inject({ url, headers });
    assert.deepEqual([answer.statusCode, answer.headers["x-slipway-version"]], [status, version], url);
  }
  const refused = await bench.app.inject({ url: "/api/functions" });
  assert.deepEqual([refused.statusCode, refused.headers["x-slipway-version"]], [401, version]);
  assert.equal((await bench.app.inject({ url: "/healthz" })).headers["x-slipway-version"], undefined);
});

test("how much may be uploaded is told before anybody tries", async () => {
  const info = (await bench.app.inject({ url: "/api/system/info", headers })).json<Record<string, unknown>>();
  assert.equal(info.upload_limit_bytes, 2 ** 20);
  assert.equal(info.unpacked_limit_bytes, 2 ** 21);
});
