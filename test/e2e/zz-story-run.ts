import { join } from "node:path";
import { run } from "/work/main/src/lib/run.ts";
import { TestServer } from "/work/main/test/e2e/test-server.ts";
const server = await TestServer.start();
try {
  const env = { PATH: process.env.PATH, HOME: server.folder, SLIPWAY: "/work/main/bin/slipway" };
  const story = await run("/bin/bash", ["-c", "/work/main/docs/story.sh " + server.url + " 2>&1"], { env, timeoutMs: 600000 });
  console.log(story.stdout, story.stderr, story.exitCode);
} finally { await server.close(); }
