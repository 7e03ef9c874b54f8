/**
 * What every built-in runtime promises, tried on the function that `slipway new` makes over it, started as an instance
 * is. A runtime is a folder in src/runtimes/: nothing here knows their names but those that this machine can't build.
 */

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually } from "../engine/eventually.ts";
import { type BuildBench, openBuildBench } from "./build-bench.ts";
import { type RunningTemplate, startTemplate, type TemplateChanges } from "./runtime-bench.ts";

const FOLDER = join(import.meta.dirname, "../../src/runtimes");

/** What stands in for what only the internet has: alpine, and Kemal itself. */
const STAND_INS: Readonly<Record<string, TemplateChanges>> = {
  kemal: {
    buildArgs: { BASE_IMAGE: "slipway/base-debian:bookworm" },
    files: (files) => ({
      ...files,
      "shard.yml": (files["shard.yml"] ?? "").replace("github: kemalcr/kemal", "path: vendor/kemal"),
      "vendor/kemal/src/kemal.cr": `require "http/server"
ROUTES = {} of String => -> String
def get(path, &block : -> String)
  ROUTES[path] = block
end
module Kemal
  def self.run(port)
    server = HTTP::Server.new do |context|
      route = ROUTES[context.request.path]?
      route ? context.response.print(route.call) : context.response.respond_with_status(:not_found)
      context.request.body.try(&.skip_to_end)
    end
    server.bind_tcp "0.0.0.0", port
    server.listen
  end
end
`,
    }),
  },
};

let bench: BuildBench;
before(async () => {
  bench = await openBuildBench();
});
after(() => bench.close());

for (const name of await readdir(FOLDER)) {
  describe(`runtime ${name}`, { concurrency: false }, () => {
    let app: RunningTemplate;
    before(async () => {
      app = await startTemplate(bench, name, STAND_INS[name]);
    });

    test("its template says hello, on the port the runtime names", async () => {
      const answer = await eventually(() => fetch(app.url));
      assert.equal(answer.status, 200);
      assert.match(await answer.text(), /hello/i);
    });

    test("its health path answers, and so does a path nobody knows", async () => {
      const { healthPath, protocol } = app.runtime;
      const path = healthPath ?? (protocol === "message" ? "/healthz" : "/");
      assert.equal((await fetch(app.url + path)).status, 200);
      assert.ok((await fetch(`${app.url}/surely/not/there`)).status < 500);
    });

    test("it does not run as root, and has no more than an instance is given", async () => {
      const { Config } = await bench.docker.getImage(app.image).inspect();
      assert.ok(!["", "root", "0"].includes(Config.User), Config.User);
      const status = await app.exec(["cat", "/proc/1/status"]);
      assert.match(status, /CapEff:\s*0+\n/);
      assert.match(status, /NoNewPrivs:\s*1\n/);
    });

    test("a body of 10 MB gets an answer, and the next request another", async () => {
      const body = `{"name":"${"x".repeat(10 * 1024 * 1024 - 11)}"}`;
      const answer = await fetch(app.url, { method: "POST", headers: { "content-type": "application/json" }, body });
      await answer.arrayBuffer();
      assert.ok(answer.status < 500, String(answer.status));
      assert.equal((await fetch(app.url)).status, 200);
    });

    test("an app that is killed ends its container", async () => {
      const other = await app.again();
      await eventually(() => fetch(other.url));
      const ended = other.container.wait();
      await other.exec(["sh", "-c", "kill -9 $(cat /proc/1/task/1/children)"]);
      await ended;
      assert.equal((await other.container.inspect()).State.Running, false);
    });

    test("SIGTERM ends it within its grace of ten seconds, also with a connection open", async () => {
      const other = await app.again();
      await eventually(() => fetch(other.url));
      const startedAt = performance.now();
      await other.container.stop({ t: 20 });
      assert.ok(performance.now() - startedAt < 10_000);
      assert.notEqual((await other.container.inspect()).State.ExitCode, 137);
    });
  });
}
