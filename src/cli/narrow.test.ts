import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import { COMMANDS } from "./command-list.ts";
import { styleFor } from "./style.ts";
import { FakeServer, sendError } from "./testing/fake-server.ts";
import { Home } from "./testing/run-slipway.ts";
import { functionView } from "./testing/views.ts";
import { wrapWords } from "./text-format.ts";

/** A terminal of that width, and what was written to it without colours. */
function terminal(columns: number) {
  let text = "";
  const write = (chunk: Buffer, _: string, done: () => void): void => {
    text += chunk.toString();
    done();
  };
  const stdout = Object.assign(new Writable({ write }), { isTTY: true, columns });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what starts a colour code
  return { stdout, lines: () => text.replace(/\u001b\[\d+m/g, "").split("\n") };
}

test("help fits a terminal of 60 columns", async () => {
  await using home = await Home.open();
  for (const words of ["", ...COMMANDS.map((command) => command.words)]) {
    const { stdout, lines } = terminal(60);
    await home.run(["help", ...words.split(" ").filter((word) => word !== "")], { deps: { stdout } });
    // What can't be broken: a command line, or a long default beside its option.
    const long = lines().filter(
      (line) => line.length > 60 && !/^ {2}((sudo )?slipway|curl|echo|#|[a-z].*\| slipway)/.test(line),
    );
    assert.deepEqual(long, [], words);
  }
});

test("list leaves columns out where the terminal is narrow, never the name, the status and the URL", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  server.functions = [functionView({}), functionView({ name: "a-function-with-a-long-name" })];
  for (const [columns, head] of [
    [200, /^NAME +PROJECT +KIND +STATUS +RUNTIME +READY +CHANGED +URL$/],
    [92, /^NAME +STATUS +URL$|^NAME +(PROJECT +)?STATUS +(READY +)?URL$/],
    [60, /^hello {2}running$/],
  ] as const) {
    const { stdout, lines } = terminal(columns);
    await home.on(server, ["list"], { deps: { stdout } });
    assert.match(lines()[0] ?? "", head);
    assert.deepEqual(
      lines().filter((line) => line.length > columns),
      [],
    );
    assert.match(lines().join("\n"), /http:\/\/hello\.localhost:8080\/\n/);
  }
});

test("an instance keeps its colour, and where there are none its lines are as they are", () => {
  const stream = Object.assign(new Writable(), { isTTY: true });
  const style = styleFor(stream, {});
  const painted = ["a-0", "a-1", "a-2", "a-3"].map((name) => style.byKey("x", name));
  assert.deepEqual(
    painted,
    ["a-0", "a-1", "a-2", "a-3"].map((name) => styleFor(stream, {}).byKey("x", name)),
  );
  assert.ok(new Set(painted).size > 1);
  for (const plain of [styleFor(new Writable(), {}), styleFor(stream, { NO_COLOR: "1" })]) {
    assert.equal(plain.byKey("x", "a-0"), "x");
  }
});

test("another version of the server is warned of once, however many answers come, errors too", async () => {
  await using home = await Home.open();
  await using server = await FakeServer.open();
  server.version = "9.0.0";
  const good = await home.on(server, ["status"]);
  assert.deepEqual([good.status, good.stderr.match(/9\.0\.0/g)?.length], [0, 1]);
  server.routes.set("GET /api/functions", (_, response) => sendError(response, 500, "internal", "Internal error."));
  const bad = await home.on(server, ["list"]);
  assert.match(bad.stderr, /^warning: .* is 9\.0\.0; use the same version\nerror: Internal error\.\n/);
});

test("words are wrapped between each other, and one that is too long stands alone", () => {
  assert.deepEqual(wrapWords("one two three", 7), ["one two", "three"]);
  assert.deepEqual(wrapWords("a incomprehensible b", 5), ["a", "incomprehensible", "b"]);
});
