/** docs/story.sh as it stands in the documents, on a server nobody has claimed. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { run } from "../../src/lib/run.ts";
import { REPOSITORY } from "./command-line.ts";
import { TestServer } from "./test-server.ts";

/** A first build of a preset downloads packages. */
const LIMIT_MS = 600_000;

let server: TestServer;
before(async () => {
  server = await TestServer.start();
});
after(() => server.close());

test("a team claims a server, works on a project, breaks it, mends it, loses it and has it back", async () => {
  const env = { PATH: process.env.PATH, HOME: server.folder, SLIPWAY: join(REPOSITORY, "bin/slipway") };
  const story = await run(join(REPOSITORY, "docs/story.sh"), [server.url], { env, timeoutMs: LIMIT_MS });
  assert.equal(story.exitCode, 0, `${story.stdout}\n${story.stderr}`);
  assert.match(story.stdout, /story: done\n$/);
});
