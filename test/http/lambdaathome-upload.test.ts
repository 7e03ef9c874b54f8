import assert from "node:assert/strict";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { makeTarGz, makeZip, zipOf } from "../archives.ts";
import { eventually } from "../engine/eventually.ts";
import { type Bench, openBench } from "./api-bench.ts";
import { askBench, askBy, type Method, uploadOf } from "./asking.ts";
import { uploadParts } from "./bench-uploads.ts";
import { type Form, formOf } from "./form.ts";

const LIMIT_BYTES = 64 * 1024;

let bench: Bench;
before(async () => {
  bench = await openBench({ env: { SLIPWAY_UPLOAD_LIMIT: String(LIMIT_BYTES) } });
});
after(() => bench.close());

const ask = (method: Method, url: string, form?: Form) => askBy(bench, method, url, form);
const upload = (...given: Parameters<typeof uploadOf>) => askBench(bench, uploadOf(...given));

describe("an upload", () => {
  test("is answered at once with the seed's message and all fields as strings", async () => {
    const answer = await upload(
      uploadParts({ name: "hello", tag: "my/hello:2", port: "23456", volume: " ./d:/data:ro " }),
    );
    assert.equal(answer.statusCode, 200, answer.body);
    const { message, data } = answer.json();
    assert.equal(message, "Code uploaded, build process started");
    assert.deepEqual(
      { ...data, id: typeof data.id },
      {
        name: "hello",
        tag: "my/hello:2",
        runtime: "static",
        port: "23456",
        volume: "./d:/data:ro",
        source: "",
        id: "string",
        status: "building",
        error: null,
        buildLog: "/function/logs/hello?build=1",
      },
    );
    assert.deepEqual(Object.keys((await ask("GET", "/function/get/hello")).json()), Object.keys(data));
    const list = (await ask("GET", "/function/list")).json();
    assert.deepEqual(list.keys, [data.id]);
    assert.equal(list.functions[0].name, "hello");
    await eventually(async () => assert.match((await ask("GET", data.buildLog)).body, /Built slipway\/default\/hello/));
    assert.ok((await ask("GET", "/function/listinstalled")).json().includes("my/hello:2"));
  });

  const order = uploadParts({ name: "order" });
  for (const [what, parts] of [
    ["the file first", [...order.slice(-1), ...order.slice(0, -1)]],
    ["the file last", order],
    ["the file in the middle", [...order.slice(0, 2), ...order.slice(-1), ...order.slice(2, -1)]],
    ["further fields that nobody knows", [{ name: "nobody", value: "x" }, ...order]],
    ["an empty volume", [{ name: "volume", value: "" }, ...order]],
    ["a field twice, of which the last counts", [{ name: "name", value: "First_One" }, ...order]],
    [
      "the file under another field's name",
      order.map((part) => (part.name === "file" ? { ...part, name: "zip" } : part)),
    ],
  ] as const) {
    test(`is taken with ${what}`, async () => {
      const answer = await upload(parts);
      assert.deepEqual([answer.statusCode, answer.json().data?.name], [200, "order"], answer.body);
    });
  }

  test("is taken whatever the boundary looks like, and whatever the file is called", async () => {
    for (const boundary of ["x", "a b", "=_?:(){}", "'simple'", "-".repeat(70)])
      assert.equal((await upload(uploadParts({ name: "bound" }), { boundary })).statusCode, 200, boundary);
    for (const file of ["..\\..\\evil.zip", "../../../etc/passwd", "ü.zip", "no extension", ";x=y"]) {
      const parts = uploadParts({ name: "bound" }).map((part) => (part.name === "file" ? { ...part, file } : part));
      assert.equal((await upload(parts)).statusCode, 200, file);
    }
  });

  test("is taken as tar.gz, too, and with a preamble before the form", async () => {
    const tar = await makeTarGz([{ name: "index.html", content: "x" }]);
    assert.equal((await upload(uploadParts({ name: "tarred", file: tar }))).statusCode, 200);
    const { payload, headers } = formOf(uploadParts({ name: "tarred" }));
    const form = { payload: Buffer.concat([Buffer.from("a preamble\r\n"), payload]), headers };
    assert.equal((await ask("POST", "/function/upload", form)).statusCode, 200);
  });

  test("whose file has no name is a text field: the file is missing", async () => {
    const parts = uploadParts().map(({ name, value }) => ({ name, value }));
    const answer = await upload(parts);
    assert.equal(answer.statusCode, 400);
    assert.deepEqual(Object.keys(answer.json().errors), ["file"]);
    assert.match(answer.json().remedy, /-F file=@/);
  });

  test("of exactly the limit is taken, of one byte more it is 413", async () => {
    const empty = makeZip([{ name: "index.html", content: "", isStored: true }]).length;
    const ofSize = (size: number) =>
      makeZip([{ name: "index.html", content: Buffer.alloc(size - empty, 65), isStored: true }]);
    assert.equal(ofSize(LIMIT_BYTES).length, LIMIT_BYTES);
    assert.equal((await upload(uploadParts({ name: "exact", file: ofSize(LIMIT_BYTES) }))).statusCode, 200);
    assert.equal((await upload(uploadParts({ name: "exact", file: ofSize(LIMIT_BYTES + 1) }))).statusCode, 413);
  });

  test("of an unknown runtime is 404 with the seed's words, and tears nothing down", async () => {
    const { service } = await bench.deployed("kept");
    const answer = await upload(
      uploadParts({ name: "kept", tag: "tag-kept", port: String(service.localPort), runtime: "nope" }),
    );
    assert.deepEqual([answer.statusCode, answer.json().message], [404, "Runtime not found"]);
    assert.equal((await ask("GET", "/function/get/kept")).json().status, "running");
  });

  test("by twenty at once of as many names all come through, and their files are gone", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        upload(uploadParts({ name: `many-${i}`, file: zipOf({ "index.html": `${i}` }) })),
      ),
    );
    assert.ok(
      answers.every((answer) => answer.statusCode === 200),
      answers.find((a) => a.statusCode !== 200)?.body,
    );
    assert.deepEqual(await readdir(bench.parts.uploadsDir), []);
    assert.equal(
      (await ask("GET", "/function/list")).json().functions.filter((f: { name: string }) => f.name.startsWith("many-"))
        .length,
      20,
    );
  });
});

test("what an earlier process had taken in when it was killed is cleared away at the start", async () => {
  const other = await openBench({
    async prepare(dataDir) {
      await mkdir(join(dataDir, "uploads"), { recursive: true });
      await writeFile(join(dataDir, "uploads/half-a-zip"), "PK");
    },
  });
  try {
    assert.deepEqual(await readdir(other.parts.uploadsDir), []);
  } finally {
    await other.close();
  }
});
