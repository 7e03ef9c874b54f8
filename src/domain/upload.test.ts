import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isAppError } from "./errors.ts";
import { settingsOf } from "./manifest.ts";
import { parsePort, parseUpload, parseVolumes } from "./upload.ts";

const RULES = {
  reservedNames: ["admin"],
  reservedPorts: [80, 8080],
  volumeRoots: ["/srv/data"],
  capabilities: ["NET_BIND_SERVICE"],
  networks: ["faaso-net"],
  ownHosts: ["localhost"],
};
const FORM = { name: "hello", tag: "hello:1", runtime: "node", port: " 9002 " };

const refused = (field: string) => (error: unknown) =>
  isAppError(error, "invalid") && Object.keys(error.fields ?? {}).includes(field);

test("a whole form is read, spaces around its values do not matter", () => {
  assert.deepEqual(parseUpload({ ...FORM, volume: "./data:/data" }, true, RULES), {
    name: "hello",
    tag: "hello:1",
    runtime: "node",
    port: 9002,
    volume: "./data:/data",
    volumes: [{ source: "data", target: "/data", readOnly: false }],
  });
});

test("all missing fields are named at once", () => {
  assert.throws(
    () => parseUpload({ name: "hello", tag: " " }, false, RULES),
    (error) => isAppError(error) && Object.keys(error.fields ?? {}).join() === "tag,runtime,port,file",
  );
});

test("a port is a whole number from 1 to 65535 that is not reserved", () => {
  for (const text of ["1", "9002", "65535"]) assert.equal(parsePort(text, [80]), Number(text));
  for (const text of ["0", "65536", "80", "-1", "1.5", "1e3", "0x50", "", "http"])
    assert.throws(() => parsePort(text, [80]), refused("port"), text);
});

test("volumes are relative, or below a root of the operator's; each target once; :ro is read-only", () => {
  assert.deepEqual(parseVolumes("./a:/a, ././b/:/b/:ro,/srv/data/x:/x:rw,.:/all", RULES.volumeRoots), [
    { source: "a", target: "/a", readOnly: false },
    { source: "b", target: "/b", readOnly: true },
    { source: "/srv/data/x", target: "/x", readOnly: false },
    { source: ".", target: "/all", readOnly: false },
  ]);
  for (const text of [
    "data",
    "a:b",
    "a:/x:rx",
    "a:/x:ro:z",
    "a:/x,b:/x",
    "../a:/x",
    "a/../../b:/x",
    "/etc:/x",
    "/srv/database:/x",
    "a:/",
    "a:/proc/1",
    "a:/secrets",
    "a:/x/..",
    ",",
  ])
    assert.throws(() => parseVolumes(text, RULES.volumeRoots), refused("volume"), text);
});

test("a doubled slash does not turn a relative path into one of the host", () => {
  assert.deepEqual(
    parseVolumes(".//etc:/x,././/root/:/y", []).map((v) => v.source),
    ["etc", "root"],
  );
});

test("no volume text leads out of the service's own folder", () => {
  const part = fc.constantFrom("..", ".", "a", "", "/", "etc", "\0", " ");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      try {
        for (const { source } of parseVolumes(`${parts.join("/")}:/x`, []))
          assert.ok(!source.startsWith("/") && !source.split("/").includes(".."), source);
      } catch (error) {
        if (!isAppError(error, "invalid")) throw error;
      }
    }),
  );
});

test("a manifest's settings get defaults, units are those of the domain, and a health path can be sent", () => {
  const settings = settingsOf(
    { name: "hello", resources: { cpu: 0.5, memoryMb: 64 }, health: { path: "/ping" } },
    RULES,
  );
  assert.deepEqual(settings.resources, { cpuMillicores: 500, memoryBytes: 64 * 1024 * 1024 });
  assert.deepEqual(settings.health, { path: "/ping", intervalMs: 10_000, timeoutMs: 2_000, allowsNotFound: false });
  assert.deepEqual([settings.replicas, settings.startMs, settings.port], [null, 60_000, null]);
  for (const path of ["ping", "/a b", "/漢", "/a\n"])
    assert.throws(() => settingsOf({ name: "hello", health: { path } }, RULES), refused("health.path"));
  assert.throws(() => settingsOf({ name: "hello", env: { "A-B": "1" } }, RULES), refused("env"));
});
