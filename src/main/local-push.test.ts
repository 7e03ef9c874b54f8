/** Where a local image is pushed to, and with whose login. */

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findLogin, registryTags } from "./local-push.ts";

test("both tags of a build are pushed below the prefix", () => {
  const tags = ["slipway/hello:latest", "slipway/hello:17"];
  assert.deepEqual(registryTags("localhost:5000/team/", "hello", tags), [
    "localhost:5000/team/hello:latest",
    "localhost:5000/team/hello:17",
  ]);
  assert.deepEqual(registryTags("ghcr.io", "hello", ["slipway/hello:17"]), ["ghcr.io/hello:17"]);
});

test("what is no registry is refused", () => {
  for (const bad of ["", "https://ghcr.io", "ghcr.io/UPPER", "-x", "ghcr.io//a", "ghcr.io/a b"]) {
    assert.throws(() => registryTags(bad, "hello", []), { code: "invalid" }, bad);
  }
});

test("a login is read as `docker login` writes it; Docker Hub has a name of its own there", async () => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-push-"));
  const file = join(folder, "config.json");
  try {
    assert.equal(await findLogin(file, "ghcr.io"), undefined);
    const auth = Buffer.from("me:pass:word").toString("base64");
    await writeFile(file, JSON.stringify({ auths: { "ghcr.io": { auth }, "https://index.docker.io/v1/": { auth } } }));
    assert.deepEqual(await findLogin(file, "ghcr.io"), { host: "ghcr.io", username: "me", password: "pass:word" });
    assert.equal((await findLogin(file, "docker.io"))?.host, "docker.io");
    assert.equal(await findLogin(file, "quay.io"), undefined);
    await assert.rejects(findLogin(folder, "ghcr.io"), { code: "invalid", message: /can't be read/ });
    await writeFile(file, "{");
    await assert.rejects(findLogin(file, "ghcr.io"), { code: "invalid" });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
