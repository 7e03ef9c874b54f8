/** `/api/runtimes`: registering, replacing, reading and deleting runtimes, as Dockerfiles and as folders. */

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { zipOf } from "../archives.ts";
import { type Bench, openBench, PASSKEY } from "./api-bench.ts";
import { formOf, type Part } from "./form.ts";

const DOCKERFILE = "# My own\nFROM scratch\n";
const FOLDER = {
  "Dockerfile.j2": "FROM scratch\nLABEL name={{ name }}\n",
  "README.md": "Mine",
  "template/a.txt": "a",
  "runtime.yml": "port: 4000\nhealth: /well\noptions: {a: b}\n",
};

let bench: Bench;
before(async () => {
  bench = await openBench();
});
after(() => bench.close());

type Method = "GET" | "POST" | "PUT" | "DELETE";

function ask(method: Method, url: string, body?: object | readonly Part[]) {
  const form = Array.isArray(body) ? formOf(body) : undefined;
  const headers = { authorization: PASSKEY, ...form?.headers };
  return bench.app.inject({ method, url, headers, ...(body && { payload: form?.payload ?? body }) });
}

const folderPart = (files: Readonly<Record<string, string>> = FOLDER): Part => ({
  name: "file",
  value: zipOf(files),
  file: "mine.zip",
});

test("a Dockerfile as JSON or as a file, and a folder as an archive, are created with 201", async () => {
  const bodies = {
    json: { name: "json", content: DOCKERFILE },
    file: [
      { name: "name", value: "file" },
      { name: "file", value: DOCKERFILE, file: "Dockerfile" },
    ],
    folder: [{ name: "name", value: "folder" }, folderPart()],
  };
  for (const [name, body] of Object.entries(bodies)) {
    const created = await ask("POST", "/api/runtimes", body);
    assert.equal(created.statusCode, 201, created.body);
    assert.equal(created.json().name, name);
    assert.equal((await ask("POST", "/api/runtimes", body)).json().error, "conflict");
    assert.equal((await ask("DELETE", `/api/runtimes/${name}`)).statusCode, 204);
    assert.equal((await ask("GET", `/api/runtimes/${name}`)).statusCode, 404);
  }
});

test("PUT replaces a Dockerfile by a folder; the view tells what is in it", async () => {
  assert.equal((await ask("PUT", "/api/runtimes/both", { content: DOCKERFILE })).statusCode, 200);
  const bare = (await ask("GET", "/api/runtimes/both")).json();
  assert.deepEqual(
    [bare.content, bare.files, bare.has_template, bare.default_port],
    [DOCKERFILE, ["Dockerfile"], false, 8080],
  );
  assert.equal((await ask("PUT", "/api/runtimes/both", [folderPart()])).statusCode, 200);
  const { content, files, has_template, health_path, options, default_port, description } = (
    await ask("GET", "/api/runtimes/both")
  ).json();
  assert.deepEqual(
    { content, files, has_template, health_path, options, default_port, description },
    {
      content: FOLDER["Dockerfile.j2"],
      files: Object.keys(FOLDER).sort(),
      has_template: true,
      health_path: "/well",
      options: { a: "b" },
      default_port: 4000,
      description: "Mine",
    },
  );
  assert.equal((await ask("DELETE", "/api/runtimes/both")).statusCode, 204);
});

test("the archive of any runtime is a tar.gz with its template", async () => {
  const answer = await ask("GET", "/api/runtimes/express/archive");
  assert.deepEqual([answer.statusCode, answer.headers["content-type"]], [200, "application/gzip"]);
  const tar = gunzipSync(answer.rawPayload).toString("latin1");
  for (const path of ["Dockerfile.j2", "template/funko.js", "template/slipway.yml.j2"])
    assert.ok(tar.includes(path), path);
  assert.equal((await ask("GET", "/api/runtimes/nope/archive")).statusCode, 404);
});

test("what can't be a runtime is refused in words and leaves no file", async () => {
  const file = { name: "file", value: DOCKERFILE, file: "Dockerfile" };
  for (const [method, url, body, status, message] of [
    ["POST", "/api/runtimes", [file], 400, /^name: is missing/],
    ["POST", "/api/runtimes", [{ name: "name", value: "../x" }, file], 400, /no runtime name/],
    ["POST", "/api/runtimes", [{ name: "name", value: "x" }], 400, /^file: is missing/],
    ["POST", "/api/runtimes", { name: "x" }, 422, /./],
    ["POST", "/api/runtimes", undefined, 415, /multipart/],
    ["PUT", "/api/runtimes/x", [], 400, /^file: is missing/],
    ["PUT", "/api/runtimes/x", { content: "hello" }, 400, /no FROM/],
    ["PUT", "/api/runtimes/x", [folderPart({ "a.txt": "a" })], 400, /neither Dockerfile nor/],
    ["PUT", "/api/runtimes/x", [folderPart({ ...FOLDER, "runtime.yml": "prot: 1" })], 400, /did you mean port/],
    [
      "PUT",
      "/api/runtimes/x",
      [folderPart({ ...FOLDER, "a.j2": "\n{{ nmae }}" })],
      400,
      /a\.j2, line 2.*did you mean name/,
    ],
    ["PUT", "/api/runtimes/x", [{ ...file, value: zipOf(FOLDER).subarray(0, 100) }], 400, /corrupt/],
  ] as const) {
    const answer = await ask(method, url, body);
    assert.equal(answer.statusCode, status, `${url}: ${answer.body}`);
    assert.match(answer.json().message, message);
  }
  assert.deepEqual(await readdir(join(bench.folder, "data/uploads")), []);
  const kept = (await readdir(join(bench.folder, "data/runtimes"))).filter((name) => name !== ".unpacking");
  assert.deepEqual(kept, []);
});
