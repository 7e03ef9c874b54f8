import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { makeZip, zipOf } from "../archives.ts";
import { eventually } from "../engine/eventually.ts";
import { ensureTinyImage } from "../engine/tiny-image.ts";
import { type Answer, form } from "./ask.ts";
import { TestServer } from "./test-server.ts";
import { addTinyRuntime, appFiles, deploy, freePort, outcome, type Upload, upload } from "./uploads.ts";

let server: TestServer;

before(async () => {
  server = await TestServer.start({
    env: { SLIPWAY_UPLOAD_LIMIT: "4MiB", SLIPWAY_UNPACKED_LIMIT: "16MiB", SLIPWAY_UPLOAD_ENTRIES: "500" },
  });
  await addTinyRuntime(server);
  await deploy(server, { name: "steady" });
});
after(() => server.close());

type Body = {
  readonly error: string;
  readonly message: string;
  readonly requestId: string;
  readonly errors?: Record<string, string[]>;
};

/** The answer has that status, is one JSON body, names the field; and what served before still does. */
async function refused(answer: Answer, status: number, field: string | undefined): Promise<Body> {
  assert.equal(answer.status, status, answer.text);
  const body = answer.json<Body>();
  assert.ok(body.error !== "" && body.message !== "" && body.requestId !== "", answer.text);
  if (field !== undefined)
    assert.ok(
      Object.keys(body.errors ?? {}).includes(field) || body.message.includes(field),
      `${field} is not named: ${answer.text}`,
    );
  assert.equal((await server.call("steady")).text, "hello from steady");
  return body;
}

test("missing fields are named all at once, with one 400", async () => {
  const { headers, body } = await form([{ name: "tag", value: "x" }]);
  const answer = await server.api({ method: "POST", path: "/function/upload", headers, body });
  const { errors } = await refused(answer, 400, "name");
  assert.deepEqual(Object.keys(errors ?? {}).toSorted(), ["file", "name", "port", "runtime"]);
});

const zips: readonly (readonly [string, Uint8Array, number])[] = [
  ["that is no zip", Buffer.from("hello, this is text"), 400],
  ["that is empty", new Uint8Array(0), 400],
  ["without files", makeZip([]), 400],
  ["that is cut off", zipOf({ "app.js": "x".repeat(5000) }).subarray(0, 60), 400],
  ["with a path out of it", makeZip([{ name: "../evil.js", content: "x" }]), 400],
  ["with an absolute path", makeZip([{ name: "/etc/evil.js", content: "x" }]), 400],
  ["with a link out of it", makeZip([{ name: "link", content: "../../etc/passwd", unixMode: 0o120777 }]), 400],
  ["that is a bomb", zipOf({ "bomb.bin": "0".repeat(12 * 1024 * 1024) }), 413],
  [
    "that unpacks to too much",
    makeZip(
      Array.from({ length: 20 }, (_, i) => ({
        name: `f${i}`,
        content: Buffer.alloc(1024 * 1024, i + 1),
        isStored: false,
      })),
    ),
    413,
  ],
  ["with too many files", makeZip(Array.from({ length: 600 }, (_, i) => ({ name: `f${i}`, content: "x" }))), 413],
  [
    "that is larger than allowed",
    makeZip([{ name: "big", content: Buffer.alloc(5 * 1024 * 1024, 7), isStored: true }]),
    413,
  ],
];

for (const [what, zip, status] of zips) {
  test(`a zip ${what} is refused and leaves nothing behind`, async () => {
    await refused(await upload(server, { name: "steady", zip }), status, undefined);
    assert.equal((await server.api({ path: "/function/get/evil" })).status, 404);
  });
}

const fields: readonly (readonly [string, Partial<Upload>, number, string])[] = [
  ["an unknown runtime", { runtime: "nope" }, 404, "runtime"],
  ["a reserved port", { port: 80 }, 400, "port"],
  ["the gateway's default port", { port: 8080 }, 400, "port"],
  ["port 9001", { port: 9001 }, 400, "port"],
  ["a port that is no number", { port: "http" }, 400, "port"],
  ["a port that is too large", { port: 70000 }, 400, "port"],
  ["a malformed volume", { volume: "nonsense" }, 400, "volume"],
  ["a volume out of its folder", { volume: "../../etc:/data" }, 400, "volume"],
  ["a volume of the host", { volume: "/var/run/docker.sock:/docker.sock" }, 400, "volume"],
  ["a volume over /proc", { volume: "./x:/proc" }, 400, "volume"],
  ["a name that is no DNS label", { name: "Hello_World" }, 400, "name"],
  ["a name of digits", { name: "123" }, 400, "name"],
  ["a reserved name", { name: "admin" }, 400, "name"],
  ["a name that is too long", { name: "x".repeat(64) }, 400, "name"],
  ["a tag that is none", { tag: "Not A Tag" }, 400, "tag"],
  ["a tag of a foreign image", { tag: "slipway-test/node:other" }, 200, ""],
];

for (const [what, change, status, field] of fields.filter(([, , s]) => s !== 200)) {
  test(`${what} is refused, naming the field`, async () => {
    const name = change.name ?? "refused";
    await refused(await upload(server, { ...change, name }), status, field);
    assert.equal((await server.api({ path: "/function/get/refused" })).status, 404);
  });
}

test("a taken port, tag or an image of somebody else's is 409", async () => {
  const port = freePort();
  await deploy(server, { name: "owner", port, tag: `${server.prefix}-owned` });
  await refused(await upload(server, { name: "thief", port }), 409, "port");
  await refused(await upload(server, { name: "thief", tag: `${server.prefix}-owned` }), 409, "tag");
  await refused(await upload(server, { name: "thief", tag: await ensureTinyImage() }), 409, "tag");
});

test("a form that is no form, or cut off, is refused", async () => {
  const wrongType = await server.api({
    method: "POST",
    path: "/function/upload",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  await refused(wrongType, 415, undefined);
  const { headers, body } = await form([{ name: "file", value: Buffer.from("x".repeat(1000)), file: "a.zip" }]);
  await refused(
    await server.api({ method: "POST", path: "/function/upload", headers, body: body.subarray(0, 300) }),
    400,
    undefined,
  );
});

test("a runtime upload without a Dockerfile, with an impossible name, or unknown ones, are refused and leave nothing", async () => {
  const empty = await form([{ name: "other", value: "x" }]);
  await refused(await server.api({ method: "POST", path: "/runtime/upload/dangling", ...empty }), 400, "file");
  const file = await form([{ name: "file", value: Buffer.from("FROM scratch\n"), file: "Dockerfile" }]);
  await refused(await server.api({ method: "POST", path: "/runtime/upload/..%2f..%2fetc", ...file }), 400, "name");
  await refused(await server.api({ path: "/runtime/show/dangling" }), 404, undefined);
  await refused(await server.api({ method: "DELETE", path: "/runtime/delete/dangling" }), 404, undefined);
  await refused(await server.api({ method: "DELETE", path: "/runtime/delete/tiny" }), 409, "steady");
});

const image = await ensureTinyImage();
const dockerfiles: readonly (readonly [string, string, RegExp])[] = [
  ["that is no Dockerfile", "this is not a dockerfile\n", /./],
  ["whose base image is not to be had", `FROM slipway-test/not-there:1\n`, /not-there/],
  ["whose COPY finds nothing", `FROM ${image}\nCOPY missing.txt /x\n`, /missing\.txt/],
  [
    "whose RUN fails",
    `FROM ${image}\nRUN ["node", "-e", "console.error('my last words'); process.exit(3)"]\n`,
    /my last words/,
  ],
];

for (const [what, dockerfile, words] of dockerfiles) {
  test(`a Dockerfile ${what} fails the upload with its words; the old version serves on`, async () => {
    const { headers, body } = await form([{ name: "file", value: Buffer.from(dockerfile), file: "Dockerfile" }]);
    const runtime = await server.api({ method: "POST", path: "/runtime/upload/broken", headers, body });
    if (runtime.status !== 200) {
      await refused(runtime, 400, undefined);
      return;
    }
    assert.equal((await upload(server, { name: "steady", runtime: "broken", files: { "x.txt": what } })).status, 200);
    const lambda = await outcome(server, "steady");
    assert.equal(lambda.status, "failed");
    assert.match(`${lambda.error}\n${(await server.api({ path: "/function/logs/steady?build=1" })).text}`, words);
    assert.equal((await server.call("steady")).text, "hello from steady");
  });
}

test("an app that exits at once fails with its exit code and last words; nothing of it stays", async () => {
  await upload(server, { name: "steady", files: { "app.js": `console.error("no database"); process.exit(7);` } });
  const lambda = await outcome(server, "steady");
  assert.equal(lambda.status, "failed");
  assert.match(lambda.error ?? "", /code 7/);
  const view = (await server.api({ path: "/api/functions/steady" })).json<{
    status: string;
    latest_deployment: { log_tail: string; exit_code: number };
    instances: unknown[];
  }>();
  assert.deepEqual([view.latest_deployment.exit_code, view.status], [7, "running"]);
  assert.match(view.latest_deployment.log_tail, /no database/);
  assert.equal((await server.call("steady")).text, "hello from steady");
  await eventually(async () =>
    assert.equal(
      (await server.engine.listContainers({ all: true, filters: { name: [`${server.prefix}-default-steady-`] } }))
        .length,
      1,
    ),
  );
});

test("an app that never listens fails when its start time is over", async () => {
  const manifest = JSON.stringify({ name: "deaf", runtime: "tiny", health: { path: "/", startMs: 1500 } });
  const { headers, body } = await form([
    { name: "manifest", value: manifest },
    { name: "source", value: zipOf({ "app.js": "setInterval(() => {}, 1000)" }), file: "s.zip" },
  ]);
  const answer = await server.api({ method: "POST", path: "/api/functions?wait=1", headers, body });
  assert.equal(answer.status, 422, answer.text);
  assert.equal(answer.json().error, "deploy_failed");
});

test("an image whose command is not there fails with the engine's words", async () => {
  const dockerfile = `FROM ${image}\nCOPY . /app/\nEXPOSE 8080\nCMD ["/no/such/program"]\n`;
  const { headers, body } = await form([{ name: "file", value: Buffer.from(dockerfile), file: "Dockerfile" }]);
  await server.api({ method: "POST", path: "/runtime/upload/lost", headers, body });
  await upload(server, { name: "lost", runtime: "lost" });
  const lambda = await outcome(server, "lost");
  assert.equal(lambda.status, "failed");
  assert.equal((await server.call("lost")).status, 503);
});

test("of two uploads of one name at the same time the later one serves, and nothing hangs", async () => {
  const answers = await Promise.all(
    [1, 2, 3].map((n) =>
      upload(server, { name: "race", port: 28_111, files: appFiles(`response.end("version ${n}")`) }),
    ),
  );
  assert.ok(
    answers.every((a) => a.status === 200),
    answers.map((a) => a.text).join("\n"),
  );
  const lambda = await outcome(server, "race");
  assert.equal(lambda.status, "running", lambda.error ?? "");
  assert.match((await server.call("race")).text, /^version [123]$/);
  const { data } = (await server.api({ path: "/api/functions/race/deployments" })).json<{
    data: { status: string; active: boolean }[];
  }>();
  assert.equal(data[0]?.status, "healthy");
  assert.ok(data.slice(1).every((d) => d.status === "cancelled" || d.status === "superseded"));
});

test("a delete during a build ends the build, and nothing of it comes up afterwards", async () => {
  const dockerfile = `FROM ${image}\nRUN ["node", "-e", "setTimeout(() => {}, 60000)"]\nCOPY . /app/\nCMD ["node", "/app/app.js"]\n`;
  const { headers, body } = await form([{ name: "file", value: Buffer.from(dockerfile), file: "Dockerfile" }]);
  await server.api({ method: "POST", path: "/runtime/upload/slow", headers, body });
  await upload(server, { name: "slow", runtime: "slow" });
  await eventually(async () => assert.match((await server.api({ path: "/function/logs/slow?build=1" })).text, /RUN/));
  assert.equal((await server.call("slow")).status, 503);
  assert.equal((await server.api({ method: "DELETE", path: "/function/delete/slow" })).status, 200);
  assert.equal((await server.api({ path: "/function/get/slow" })).status, 404);
  await deploy(server, { name: "slow" });
  assert.equal((await server.call("slow")).text, "hello from slow");
});

test("unknown functions and routes are 404 with one JSON body", async () => {
  for (const [method, path] of [
    ["GET", "/function/get/nope"],
    ["DELETE", "/function/delete/nope"],
    ["GET", "/function/start/nope"],
    ["GET", "/function/logs/nope"],
    ["GET", "/api/nope"],
    ["GET", "/api/functions/nope"],
    ["POST", "/api/functions/nope/stop"],
    ["GET", "/funko/nope/"],
    ["GET", "/nope"],
  ] as const) {
    await refused(await server.api({ method, path }), 404, undefined);
  }
});

/** Sends bytes as they are and answers what comes back until the connection is closed. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port: server.port });
    let text = "";
    socket.setTimeout(10_000, () => socket.destroy(new Error("the connection was not closed")));
    socket.on("data", (chunk) => (text += chunk.toString()));
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
    socket.write(bytes);
  });
}

const malformed: readonly (readonly [string, string])[] = [
  ["two Host headers", "GET / HTTP/1.1\r\nHost: steady.localhost\r\nHost: other.localhost\r\n\r\n"],
  ["a Host that is none", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"],
  ["no Host", "GET / HTTP/1.1\r\n\r\n"],
  ["an absolute target with another host", "GET http://other.localhost/ HTTP/1.1\r\nHost: steady.localhost\r\n\r\n"],
  [
    "Transfer-Encoding in HTTP/1.0",
    "POST / HTTP/1.0\r\nHost: steady.localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  [
    "length and chunked",
    "POST / HTTP/1.1\r\nHost: steady.localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  ["two lengths", "POST / HTTP/1.1\r\nHost: steady.localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"],
  ["a line fold", "GET / HTTP/1.1\r\nHost: steady.localhost\r\nX-A: b\r\n c\r\n\r\n"],
  ["a head that is too large", `GET / HTTP/1.1\r\nHost: steady.localhost\r\nX-Big: ${"x".repeat(80_000)}\r\n\r\n`],
  ["no HTTP at all", "HELO there\r\n\r\n"],
];

for (const [what, bytes] of malformed) {
  test(`a request with ${what} is answered 400 and the connection closed`, async () => {
    assert.match(await raw(bytes), /^HTTP\/1\.1 400 /);
  });
}

test("what is asked of the API with broken JSON or wrong types is a 4xx with one body", async () => {
  const json = { "content-type": "application/json" };
  await refused(
    await server.api({ method: "POST", path: "/api/functions/steady/rollback", headers: json, body: "{broken" }),
    400,
    undefined,
  );
  await refused(
    await server.api({
      method: "POST",
      path: "/api/functions/steady/rollback",
      headers: json,
      body: '{"deployment_id":5}',
    }),
    422,
    "deployment_id",
  );
  await refused(await server.api({ path: "/api/functions?limit=abc" }), 400, "limit");
  await refused(
    await server.api({ method: "PUT", path: "/api/runtimes/x", headers: json, body: '{"content":""}' }),
    422,
    "content",
  );
});
