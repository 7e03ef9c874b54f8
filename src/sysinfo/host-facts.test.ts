import assert from "node:assert/strict";
import { test } from "node:test";
import { mountPointOf, parseMemory, readDisks } from "./host-facts.ts";

test("memory that can be given back counts as free; without swap nothing is divided by zero", () => {
  const text =
    "MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    750 kB\nSwapTotal:         0 kB\nSwapFree: 0 kB\n";
  assert.deepEqual(parseMemory(text), {
    memory: { totalBytes: 1_024_000, usedBytes: 256_000, usagePct: 25 },
    swap: { totalBytes: 0, usedBytes: 0, usagePct: 0 },
  });
});

test("a path is on the longest mount point above it, and on no other of a like name", () => {
  const mounts = ["/", "/var", "/var/lib/docker", "/var/lib/dock", "/with\\040space"]
    .map((point) => `36 35 98:0 / ${point} rw,noatime - ext4 /dev/sda rw`)
    .join("\n");
  assert.equal(mountPointOf("/var/lib/docker", mounts), "/var/lib/docker");
  assert.equal(mountPointOf("/var/lib/docker-2", mounts), "/var");
  assert.equal(mountPointOf("/var/lib/docker/x", mounts), "/var/lib/docker");
  assert.equal(mountPointOf("/home", mounts), "/");
  assert.equal(mountPointOf("/with space/x", mounts), "/with space");
});

test("a file system is there once, however many paths are on it", async () => {
  const [root, ...others] = await readDisks(["/", "/", "/there-is-no-such-folder"]);
  assert.equal(root?.mountpoint, "/");
  assert.deepEqual(others, []);
});
