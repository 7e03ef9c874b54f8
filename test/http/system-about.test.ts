/** What an admin learns of server, host and engine; the engine may be away. */

import assert from "node:assert/strict";
import { hostname } from "node:os";
import { after, before, test } from "node:test";
import { type Bench, openBench } from "./api-bench.ts";
import { askBench } from "./asking.ts";

let bench: Bench;
before(async () => {
  bench = await openBench();
});
after(() => bench.close());

type Status = {
  readonly host: {
    readonly hostname: string;
    readonly uptime: number;
    readonly cpu: Readonly<Record<string, number>>;
    readonly memory: Readonly<Record<string, number>>;
    readonly swap: Readonly<Record<string, number>>;
    readonly disks: readonly (Readonly<Record<string, number>> & { readonly mountpoint: string })[];
  };
  readonly docker: Readonly<Record<string, number | boolean>>;
};

test("about says versions, the engine and the database", async () => {
  const about = (await askBench(bench, { url: "/api/system/about" })).json();
  assert.deepEqual(Object.keys(about), ["slipway", "docker", "database", "latest_release", "update_available"]);
  assert.equal(about.slipway.version, "0.1.0");
  assert.equal(about.slipway.node_version, process.versions.node);
  assert.ok(Date.parse(about.slipway.started_at) <= Date.now());
  assert.equal(about.docker.reachable, true);
  assert.equal(about.docker.api_version, "1.41");
  assert.equal(typeof about.database.path, "string");
  assert.deepEqual([about.latest_release, about.update_available], [null, false]);
});

test("status says how busy and how full the host is", async () => {
  const { host, docker } = (await askBench(bench, { url: "/api/system/status" })).json<Status>();
  assert.equal(host.hostname, hostname());
  assert.ok(host.uptime > 0);
  assert.ok((host.cpu.cores ?? 0) > 0);
  assert.ok((host.cpu.usage_pct ?? -1) >= 0 && (host.cpu.usage_pct ?? 101) <= 100);
  for (const use of [host.memory, ...host.disks]) {
    assert.ok((use.total_bytes ?? 0) > 0);
    assert.ok((use.used_bytes ?? -1) >= 0 && (use.used_bytes ?? 0) <= (use.total_bytes ?? 0));
    assert.ok((use.usage_pct ?? -1) >= 0 && (use.usage_pct ?? 101) <= 100);
  }
  assert.deepEqual(
    host.disks.map(({ mountpoint }) => mountpoint),
    ["/"],
  );
  assert.equal(docker.reachable, true);
});

test("without the engine both answer with what is left", async () => {
  bench.driver.goAway();
  try {
    const about = (await askBench(bench, { url: "/api/system/about" })).json();
    assert.equal(about.docker.reachable, false);
    assert.match(about.docker.error, /\w/);
    assert.equal(about.docker.server_version, null);
    const answer = await askBench(bench, { url: "/api/system/status" });
    assert.equal(answer.statusCode, 200);
    const { host, docker } = answer.json<Status>();
    assert.ok((host.memory.total_bytes ?? 0) > 0);
    assert.equal(docker.reachable, false);
    assert.equal(docker.containers, 0);
  } finally {
    bench.driver.comeBack();
  }
});
