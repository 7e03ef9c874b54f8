import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../src/lib/run.ts";
import { makeZip } from "../archives.ts";
import { type Bench, openBench, PASSKEY } from "./api-bench.ts";
import { uploadParts } from "./bench-uploads.ts";
import { formOf } from "./form.ts";

const DISK = "size=2m";

/** The upload of one file of that many random bytes. */
async function upload(bench: Bench, name: string, bytes: number) {
  const file = makeZip([{ name: "index.html", content: randomBytes(bytes), isStored: true }]);
  const { payload, headers } = formOf(uploadParts({ name, file }));
  return bench.app.inject({
    method: "POST",
    url: "/function/upload",
    payload,
    headers: { ...headers, authorization: PASSKEY },
  });
}

test("a full disk is 503 with one body, leaves nothing behind, and all works again once there is space", async (t) => {
  let dataDir = "";
  let isMounted = false;
  const bench = await openBench({
    async prepare(path) {
      dataDir = path;
      await mkdir(path, { recursive: true });
      const { exitCode } = await run("mount", ["-t", "tmpfs", "-o", DISK, "tmpfs", path], { timeoutMs: 10_000 });
      isMounted = exitCode === 0;
    },
  });
  try {
    if (!isMounted) return t.skip("mounting a small disk needs root");
    const leftovers = async (): Promise<readonly string[]> => [
      ...(await readdir(bench.parts.uploadsDir)),
      ...(await readdir(join(dataDir, "sources/.importing"))),
      ...(await bench.parts.sources.list()),
    ];
    for (const [what, bytes] of [
      ["while the form is read", 3 * 1024 * 1024],
      ["while it is unpacked", 1200 * 1024],
      ["while the source is written", 700 * 1024],
    ] as const) {
      const answer = await upload(bench, "full", bytes);
      assert.equal(answer.statusCode, 503, `${what}: ${answer.body}`);
      assert.equal(answer.json().error, "disk_full");
      assert.ok(answer.json().remedy.length > 10);
      assert.deepEqual(await leftovers(), [], what);
    }
    assert.equal((await bench.app.inject({ url: "/healthz" })).statusCode, 200);
    const filler = join(dataDir, "filler");
    await writeFile(filler, randomBytes(2 * 1024 * 1024)).catch(() => undefined);
    assert.equal((await upload(bench, "full", 10_000)).statusCode, 503);
    await rm(filler);
    assert.equal((await upload(bench, "full", 10_000)).statusCode, 200);
    return undefined;
  } finally {
    // Lazily: files of builds may be open until the bench is closed.
    if (isMounted) await run("umount", ["-l", dataDir], { timeoutMs: 10_000 });
    await bench.close();
  }
});
