import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { zipOf } from "../archives.ts";
import { eventually } from "../engine/eventually.ts";
import { type Bench, openBench } from "./api-bench.ts";
import { askBench, askBy, type Method, uploadOf } from "./asking.ts";
import { uploadParts } from "./bench-uploads.ts";
import { type Form, formOf, type Part } from "./form.ts";

let bench: Bench;
before(async () => {
  bench = await openBench();
});
after(() => bench.close());

const ask = (method: Method, url: string, form?: Form) => askBy(bench, method, url, form);
const upload = (...given: Parameters<typeof uploadOf>) => askBench(bench, uploadOf(...given));

describe("with nothing deployed", () => {
  test("lists are empty lists, not null", async () => {
    assert.deepEqual((await ask("GET", "/function/list")).json(), { keys: [], functions: [] });
    assert.deepEqual((await ask("GET", "/function/listrunning")).json(), []);
    assert.deepEqual((await ask("GET", "/function/listinstalled")).json(), []);
  });

  test("the built-in runtimes are there, default among them, sorted", async () => {
    const names = (await ask("GET", "/runtime/list")).json();
    for (const name of ["default", "node", "python", "static"]) assert.ok(names.includes(name), name);
    assert.deepEqual(names, [...names].sort());
    const [first, second] = await Promise.all(
      ["default", "node"].map(async (name) => (await ask("GET", `/runtime/show/${name}`)).json()),
    );
    assert.deepEqual([first.name, first.content], ["default", second.content]);
  });
});

describe("a runtime", () => {
  const put = (name: string, parts: readonly Part[]) => ask("POST", `/runtime/upload/${name}`, formOf(parts));
  const dockerfile = (text: string): Part => ({ name: "file", value: text, file: "Dockerfile" });

  test("is created, shown byte for byte, replaced, deleted, with the seed's answers", async () => {
    const created = await put("mine", [dockerfile("FROM scratch\r\n# ü\n")]);
    assert.equal(created.statusCode, 200);
    assert.deepEqual(Object.keys(created.json()), ["runtimeName", "fileName"]);
    assert.equal(created.json().runtimeName, "mine");
    assert.match(created.json().fileName, /^[0-9a-f-]{36}\.dockerfile$/);
    assert.deepEqual((await ask("GET", "/runtime/show/mine")).json(), {
      name: "mine",
      content: "FROM scratch\r\n# ü\n",
    });
    const replaced = await put("mine", [dockerfile("FROM scratch\nLABEL a=1\n")]);
    assert.notEqual(replaced.json().fileName, created.json().fileName);
    const deleted = await ask("DELETE", "/runtime/delete/mine");
    assert.deepEqual([deleted.statusCode, deleted.json()], [200, { message: "Deleted" }]);
    for (const [method, path] of [
      ["GET", "/runtime/show/mine"],
      ["DELETE", "/runtime/delete/mine"],
    ] as const) {
      const gone = await ask(method, path);
      assert.deepEqual([gone.statusCode, gone.json().message], [404, "Runtime not found"]);
    }
  });

  test("without a file, or with one that is no Dockerfile, is refused and stores nothing", async () => {
    for (const parts of [
      [],
      [{ name: "other", value: "x" }],
      [dockerfile("")],
      [dockerfile("hello there\n")],
      [dockerfile("\0")],
    ])
      assert.equal((await put("dangling", parts)).statusCode, 400);
    assert.equal((await ask("GET", "/runtime/show/dangling")).statusCode, 404);
    assert.deepEqual(await readdir(bench.parts.uploadsDir), []);
  });

  test("default and built-in ones stay; a shadowed one is there again", async () => {
    const refused = await ask("DELETE", "/runtime/delete/default");
    assert.deepEqual([refused.statusCode, refused.json().message], [403, "Cannot delete default runtime"]);
    assert.equal((await ask("DELETE", "/runtime/delete/node")).statusCode, 403);
    await put("node", [dockerfile("FROM scratch\n")]);
    assert.equal((await ask("GET", "/runtime/show/node")).json().content, "FROM scratch\n");
    assert.equal((await ask("DELETE", "/runtime/delete/node")).statusCode, 200);
    assert.match((await ask("GET", "/runtime/show/node")).json().content, /BASE_IMAGE/);
  });

  test("one in use stays and says who uses it", async () => {
    await put("used", [dockerfile("FROM scratch\n")]);
    assert.equal((await upload(uploadParts({ name: "user", runtime: "used" }))).statusCode, 200);
    const answer = await ask("DELETE", "/runtime/delete/used");
    assert.equal(answer.statusCode, 409);
    assert.match(answer.json().message, /user/);
    await ask("DELETE", "/function/delete/user");
    assert.equal((await ask("DELETE", "/runtime/delete/used")).statusCode, 200);
  });
});

describe("a function", () => {
  test("that is not there is 404 with the seed's words, on every route", async () => {
    for (const [method, url] of [
      ["GET", "/function/get/nope"],
      ["DELETE", "/function/delete/nope"],
      ["GET", "/function/start/nope"],
      ["POST", "/function/start/nope"],
      ["GET", "/function/logs/nope"],
    ] as const) {
      const answer = await ask(method, url);
      assert.deepEqual([answer.statusCode, answer.json().message], [404, "Function not found"], url);
    }
  });

  test("is started by name or tag when it was stopped; one that runs is 409", async () => {
    const { service } = await bench.deployed("starter");
    const running = await ask("GET", "/function/start/starter");
    assert.deepEqual([running.statusCode, running.json().message], [409, "Function already running"]);
    for (const [method, key] of [
      ["GET", "tag-starter"],
      ["POST", "starter"],
      ["POST", "tag-starter:latest"],
    ] as const) {
      await bench.lifecycle.stop(await bench.database.services.get(service.id));
      await bench.database.services.update(service.id, { status: "stopped" });
      const started = await ask(method, `/function/start/${encodeURIComponent(key)}`);
      assert.deepEqual([started.statusCode, started.json()], [200, { message: "Started" }], key);
    }
  });

  test("may have the tag of one that was deleted while its image is still there, but nobody else's", async () => {
    const old = { "slipway.server": "server-of-this-test", "slipway.service": "deleted-long-ago" };
    bench.driver.addImage("left-over", { labels: old });
    assert.equal((await upload(uploadParts({ name: "heir", tag: "left-over" }))).statusCode, 200);
    bench.driver.addImage("of-another-server", { labels: { ...old, "slipway.server": "another" } });
    for (const tag of ["of-another-server", "left-over:latest", "left-over"]) {
      const answer = await upload(uploadParts({ name: "thief", tag }));
      assert.deepEqual([answer.statusCode, Object.keys(answer.json().errors)], [409, ["tag"]], tag);
    }
  });

  test("does not live on the image of one of its name that was deleted and is about to be cleared away", async () => {
    const { service, runtimeId } = await bench.deployed("reborn");
    await ask("DELETE", "/function/delete/reborn");
    assert.equal((await upload(uploadParts({ name: "reborn", tag: "tag-reborn" }))).statusCode, 200);
    const image = await eventually(async () => {
      const [build] = await bench.database.builds.list({
        serviceId: (await bench.database.services.findByRouteName("reborn"))?.id ?? "",
      });
      assert.equal(build?.status, "succeeded");
      return bench.driver.findImage(build.image ?? "");
    });
    assert.notEqual(image?.labels["slipway.service"], service.id);
    await bench.driver.remove(runtimeId);
    await bench.parts.builder.pruneImages(service.id, []);
    assert.ok((await bench.driver.findImage("tag-reborn")) !== undefined);
  });

  test("that was deleted is gone, and its name, port and tag are free at once", async () => {
    const parts = uploadParts({ name: "again", tag: "again-tag", port: "23999" });
    for (let round = 1; round <= 3; round += 1) {
      const answer = await upload(parts);
      assert.equal(answer.statusCode, 200, `round ${round}: ${answer.body}`);
      await eventually(async () =>
        assert.match((await ask("GET", "/function/logs/again?build=1")).body, /Built|is there already/),
      );
      const second = await upload([
        ...parts.slice(0, -1),
        { name: "file", value: zipOf({ "index.html": `${round}` }), file: "z.zip" },
      ]);
      assert.equal(second.statusCode, 200, `update in round ${round}: ${second.body}`);
      const deleted = await ask("DELETE", "/function/delete/again");
      assert.deepEqual([deleted.statusCode, deleted.json()], [200, { message: "Deleted" }]);
      assert.equal((await ask("GET", "/function/get/again")).statusCode, 404);
    }
  });
});
