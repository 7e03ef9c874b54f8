/** The built-in runtimes as containers: what a function may do, and what it answers. One suite for both languages. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually } from "../engine/eventually.ts";
import { type BuildBench, openBuildBench } from "./build-bench.ts";

let bench: BuildBench;
before(async () => {
  bench = await openBuildBench();
});
after(() => bench.close());

const NODE_FUNCTION = `
module.exports = async (context, payload) => {
  switch (payload?.do) {
    case "print": console.log("out\\nmore"); console.error("err"); return null;
    case "input": throw new TypeError("bad input");
    case "fail": throw new Error("broken");
    case "sleep": await new Promise((r) => setTimeout(r, payload.ms)); return "slept";
    case "cycle": { const a = {}; a.a = a; return a; }
    case "text": return "plain";
    case "secrets": return context.secrets;
    case "context": return context.httpContext;
    case "whole": return { ...context };
    case "size": return payload.text.length;
    default: return { payload };
  }
};`;
const PYTHON_FUNCTION = `
import sys, time
def handle(context, payload):
    do = payload.get("do") if isinstance(payload, dict) else None
    if do == "print":
        print("out\\nmore"); print("err", file=sys.stderr); return None
    if do == "input": raise ValueError("bad input")
    if do == "fail": raise RuntimeError("broken")
    if do == "sleep":
        time.sleep(payload["ms"] / 1000); return "slept"
    if do == "cycle": return {1, 2}
    if do == "text": return "plain"
    if do == "secrets": return context["secrets"]
    if do == "context": return context["httpContext"]
    if do == "whole": return dict(context)
    if do == "size": return len(payload["text"])
    return {"payload": payload}
`;

const LANGUAGES = [
  { runtime: "node", files: { "index.js": NODE_FUNCTION } },
  { runtime: "python", files: { "handle.py": PYTHON_FUNCTION } },
];

for (const { runtime, files } of LANGUAGES) {
  describe(`runtime ${runtime}`, () => {
    let url = "";
    let image = "";

    before(async () => {
      image = (await bench.build(files, runtime)).image;
      url = (await bench.start(image)).url;
      await ready(url);
    });

    const send = async (payload: unknown, context: object = {}) => {
      const response = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/vnd.slipway.message+json" },
        body: JSON.stringify({ context, payload }),
      });
      assert.equal(response.status, 200);
      return (await response.json()) as {
        context: {
          error: { type: string; message: string; stacktrace: string[] } | null;
          logs: { stdout: string[]; stderr: string[] };
        };
        payload: unknown;
      };
    };

    test("GET /healthz is 200 {}, and $PORT is where it listens", async () => {
      const elsewhere = await bench.start(image, 3456);
      for (const answer of [await fetch(`${url}/healthz`), await ready(elsewhere.url)])
        assert.deepEqual([answer.status, await answer.json()], [200, {}]);
    });

    test("the context reaches the function as it was sent: bindings, event, run and secrets", async () => {
      const context = {
        secrets: { k: "v" },
        serviceBindings: { db: { host: "db", port: 5432 } },
        event: { id: "1", type: "t" },
        runId: "r-1",
        httpContext: { method: "GET" },
      };
      const { payload } = await send({ do: "whole" }, context);
      for (const [key, value] of Object.entries(context))
        assert.deepEqual((payload as Record<string, unknown>)[key], value, key);
    });

    test("a message is answered with the payload, logs and no error", async () => {
      assert.deepEqual(await send({ a: 1 }), {
        context: { error: null, logs: { stdout: [], stderr: [] } },
        payload: { payload: { a: 1 } },
      });
      assert.deepEqual((await send({ do: "secrets" }, { secrets: { k: "v" } })).payload, { k: "v" });
    });

    test("what a call prints is its own, also when calls overlap", async () => {
      const [printed, silent] = await Promise.all([send({ do: "print" }), send({ do: "sleep", ms: 50 })]);
      assert.deepEqual(printed.context.logs, { stdout: ["out", "more"], stderr: ["err"] });
      assert.deepEqual(silent.context.logs, { stdout: [], stderr: [] });
      assert.equal(printed.payload, null);
    });

    test("errors are typed by whose fault they are, with the trace in stderr", async () => {
      const input = await send({ do: "input" });
      assert.equal(input.context.error?.type, "InputError");
      assert.equal(input.context.error?.message, "bad input");
      assert.deepEqual(input.context.logs.stderr, input.context.error?.stacktrace);
      assert.ok((input.context.error?.stacktrace.length ?? 0) > 0);
      assert.equal((await send({ do: "fail" })).context.error?.type, "FunctionError");
      assert.equal((await send({ do: "cycle" })).context.error?.type, "FunctionError");
    });

    test("a deadline that is over prevents the call, one that passes ends it", async () => {
      const over = await send({}, { deadline: Date.now() - 1000 });
      assert.match(over.context.error?.message ?? "", /Did not invoke/);
      const passed = await send({ do: "sleep", ms: 60_000 }, { deadline: new Date(Date.now() + 300).toISOString() });
      assert.match(passed.context.error?.message ?? "", /exceeded the timeout/);
      assert.equal(passed.context.error?.type, "FunctionError");
    });

    test("a message that is no JSON is a SystemError", async () => {
      const headers = { "Content-Type": "application/vnd.slipway.message+json" };
      const response = await fetch(url, { method: "POST", headers, body: "{no" });
      assert.equal(
        ((await response.json()) as { context: { error: { type: string } } }).context.error.type,
        "SystemError",
      );
    });

    test("any other request is plain web: query, JSON and form are the payload, the output is the body", async () => {
      assert.deepEqual(await (await fetch(`${url}/x?a=1&b=2&b=3`)).json(), { payload: { a: "1", b: ["2", "3"] } });
      assert.deepEqual(await (await postJson(url, [1, 2])).json(), { payload: [1, 2] });
      const form = await fetch(url, { method: "POST", body: new URLSearchParams({ name: "ü" }) });
      assert.deepEqual(await form.json(), { payload: { name: "ü" } });
      const parts = new FormData();
      parts.append("name", "x");
      assert.deepEqual(await (await fetch(url, { method: "POST", body: parts })).json(), { payload: { name: "x" } });
      const text = await fetch(`${url}/?do=text`);
      assert.match(text.headers.get("content-type") ?? "", /^text\/plain/);
      assert.equal(await text.text(), "plain");
      const empty = await fetch(`${url}/?do=print`);
      assert.deepEqual([empty.status, await empty.text()], [200, ""]);
      const context = (await (await fetch(`${url}/p/q?do=context`)).json()) as Record<string, unknown>;
      assert.deepEqual([context.method, context.path], ["GET", "/p/q"]);
    });

    test("plain web requests get the status of the error's type", async () => {
      assert.equal((await fetch(`${url}/?do=input`)).status, 400);
      const failed = await fetch(`${url}/?do=fail`);
      assert.equal(failed.status, 502);
      assert.deepEqual(await failed.json(), { error: "FunctionError", message: "broken" });
      const noJson = await fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{no" });
      assert.equal(noJson.status, 400);
      const other = await fetch(url, { method: "POST", headers: { "Content-Type": "image/png" }, body: "x" });
      assert.equal(other.status, 415);
    });

    test("bodies up to 10 MB are taken, larger ones refused", async () => {
      const text = "x".repeat(9 * 1024 * 1024);
      assert.equal(await (await postJson(url, { do: "size", text })).json(), text.length);
      // Some of it is still on its way when it is refused; the answer has to arrive all the same.
      for (const megabytes of [11, 11, 11, 40])
        assert.equal((await postJson(url, { text: "x".repeat(megabytes * 1024 * 1024) })).status, 413);
    });

    test("it runs as a user who is not root", async () => {
      const { Config } = await bench.docker.getImage(image).inspect();
      assert.ok(!["", "root", "0"].includes(Config.User));
    });

    test("SIGTERM lets the accepted call finish, then it exits with 0", async () => {
      const own = await bench.start(image);
      await ready(own.url);
      const call = postJson(own.url, { do: "sleep", ms: 1500 });
      await eventually(async () => assert.match(JSON.stringify((await own.container.top()).Processes), /start/));
      const stopping = own.container.stop({ t: 20 });
      assert.equal(await (await call).text(), "slept");
      await stopping;
      assert.equal((await own.container.inspect()).State.ExitCode, 0);
    });
  });
}

test("a node app with a start script runs as it is", async () => {
  const server = `require("http").createServer((q, r) => r.end("own server " + process.env.PORT)).listen(process.env.PORT)`;
  const files = { "package.json": '{"scripts":{"start":"node my.js"}}', "my.js": server };
  const { url } = await bench.start((await bench.build(files, "node")).image);
  assert.equal(await (await ready(url, "/")).text(), "own server 8080");
});

test("a node app's dependencies are installed and its build script is run", async () => {
  const manifest = { type: "module", dependencies: { "is-odd": "3.0.1" }, scripts: { build: "node build.js" } };
  const files = {
    "package.json": JSON.stringify(manifest),
    "build.js": 'import fs from "node:fs"; fs.writeFileSync("built.txt", "built");',
    "index.js": `import isOdd from "is-odd"; import fs from "node:fs";
export const handler = () => ({ odd: isOdd(3), built: fs.readFileSync("built.txt", "utf8") });`,
  };
  const { url } = await bench.start((await bench.build(files, "default")).image);
  assert.deepEqual(await (await ready(url, "/")).json(), { odd: true, built: "built" });
});

test("a python app that listens by itself runs as it is", async () => {
  const app = `import http.server, os
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"own server")
http.server.HTTPServer(("", int(os.environ["PORT"])), H).serve_forever()
`;
  const { url } = await bench.start((await bench.build({ "app.py": app }, "python")).image);
  assert.equal(await (await ready(url, "/")).text(), "own server");
});

describe("runtime static", () => {
  let url = "";
  before(async () => {
    const files = {
      "index.html": "<h1>hi</h1>",
      "a/index.html": "A",
      "about.html": "about",
      "404.html": "gone",
      ".env": "secret",
      "a.css": "b{}",
    };
    url = (await bench.start((await bench.build(files, "static")).image)).url;
    await ready(url, "/");
  });

  test("files, folders and pages without their extension are served with their types", async () => {
    const index = await fetch(url);
    assert.equal(index.headers.get("content-type"), "text/html; charset=utf-8");
    assert.equal(await index.text(), "<h1>hi</h1>");
    assert.equal((await fetch(`${url}/a.css`)).headers.get("content-type"), "text/css; charset=utf-8");
    assert.equal(await (await fetch(`${url}/about`)).text(), "about");
    const folder = await fetch(`${url}/a?x=1`, { redirect: "manual" });
    assert.deepEqual([folder.status, folder.headers.get("location")], [308, "/a/?x=1"]);
    assert.equal(await (await fetch(`${url}/a/`)).text(), "A");
  });

  test("an unknown path gets 404.html; dotfiles, the shim and paths that lead out are unknown", async () => {
    for (const path of [
      "/nope",
      "/.env",
      "/.slipway/static/serve.mjs",
      "/Dockerfile",
      "/%2e%2e/etc/passwd",
      "/..%2fetc%2fpasswd",
      "/%zz",
    ]) {
      const response = await fetch(url + path);
      assert.deepEqual([path, response.status, await response.text()], [path, 404, "gone"]);
    }
  });

  test("ETag, ranges and methods are honoured", async () => {
    const etag = (await fetch(url)).headers.get("etag") ?? "";
    assert.equal((await fetch(url, { headers: { "If-None-Match": etag } })).status, 304);
    const part = await fetch(url, { headers: { Range: "bytes=4-5" } });
    assert.deepEqual([part.status, part.headers.get("content-range"), await part.text()], [206, "bytes 4-5/11", "hi"]);
    assert.equal((await fetch(url, { headers: { Range: "bytes=99-" } })).status, 416);
    assert.equal((await fetch(url, { method: "POST" })).status, 405);
    const head = await fetch(url, { method: "HEAD" });
    assert.deepEqual([head.headers.get("content-length"), await head.text()], ["11", ""]);
  });
});

/** Waits until it answers; the answer of that path. */
async function ready(url: string, path = "/healthz"): Promise<Response> {
  return eventually(() => fetch(url + path));
}

function postJson(url: string, body: unknown): Promise<Response> {
  return fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}
