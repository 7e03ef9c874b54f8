/** The recipes of the presets on a real engine: what is built, and that what runs keeps its promises and its data. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Preset } from "../../src/domain/preset.ts";
import { PRESETS } from "../../src/domain/presets.ts";
import type { ServiceState } from "../../src/domain/project-state.ts";
import { resolveEnv } from "../../src/domain/resolve-env.ts";
import { DEFAULT_SERVICE_SETTINGS } from "../../src/domain/service-settings.ts";
import { eventually } from "../engine/eventually.ts";
import { accepts, freshEnv, openPresetBench, type PresetBench, type PresetInstance } from "./preset-bench.ts";
import { PRESET_CLIENTS, type PresetClient, withPassword } from "./preset-clients.ts";

let bench: PresetBench;
before(async () => {
  bench = await openPresetBench();
});
after(() => bench.close());

const signal = new AbortController().signal;
const quiet = (): void => undefined;
const presetOf = (id: string): Preset => PRESETS.find((preset) => preset.id === id) ?? assert.fail(id);
const clientOf = (id: string): PresetClient => PRESET_CLIENTS[id] ?? assert.fail(id);

/** What `${{ db.URL }}` is for a service with those variables, with an address for its name. */
function urlOf(preset: Preset, env: Readonly<Record<string, string>>, host: string): string {
  const settings = { ...DEFAULT_SERVICE_SETTINGS, image: preset.image, ports: preset.ports };
  const common = { kind: "image" as const, iconUrl: null, isPrivate: true, groupId: null, port: null, settings };
  const db: ServiceState = { ...common, id: "db", name: "db", preset: preset.id };
  const app: ServiceState = { ...common, id: "app", name: "app", preset: null };
  const variables = Object.entries(env).map(([key, value]) => ({
    ...{ id: key, scope: "service" as const, scopeId: "db", key, value },
  }));
  const state = { id: "p", name: "p", services: [db, app], variables, groups: new Map(), groupIds: [] };
  const resolved = resolveEnv(state, app, (id) => presetOf(id), { URL: "${{ db.URL }}" });
  return (resolved.env.URL ?? "").replace("@db:", `@${host}:`);
}

async function run(instance: PresetInstance, command: readonly string[]): Promise<string> {
  const { exitCode, output } = await instance.exec(command);
  assert.equal(exitCode, 0, output);
  return output.trim().split("\n").at(-1) ?? "";
}

for (const preset of PRESETS.filter(({ hasRecipe }) => hasRecipe)) {
  const client = clientOf(preset.id);

  describe(preset.id, () => {
    test("is built once, named and labelled, and found at once the second time, by two at once as well", async (t) => {
      const startedAt = performance.now();
      const lines: string[] = [];
      const image = await bench.builder.build(preset.id, (line) => lines.push(line), signal);
      const tookMs = Math.round(performance.now() - startedAt);
      assert.match(image, new RegExp(`^slipway/preset-${preset.id}:[0-9a-f]{12}$`));
      assert.ok(lines.every((line) => !line.includes("\n")));
      const never = { build: () => assert.fail("built again"), importImage: () => assert.fail("imported") };
      const again = bench.builderOn(never);
      const found = await Promise.all([1, 2].map(() => again.build(preset.id, assert.fail, signal)));
      assert.deepEqual(found, [image, image]);
      const info = await bench.driver.findImage(image);
      assert.deepEqual(info?.exposedPorts, [preset.ports[0]?.containerPort]);
      assert.equal(info?.labels["slipway.managed"], "true");
      assert.equal(info?.labels["slipway.preset"], preset.id);
      assert.equal(info?.labels["slipway.hash"]?.slice(0, 12), image.split(":")[1]);
      t.diagnostic(`${image}: ${Math.round((info?.sizeBytes ?? 0) / 1e6)} MB, had after ${tookMs} ms`);
    });

    test("keeps its data over a stop, another instance and a kill; a wrong password is refused", async () => {
      const [folder, env] = [await bench.folder(), freshEnv(preset)];
      const first = await bench.start(preset, folder, env);
      const url = urlOf(preset, env, await first.ready());
      await run(first, client.write(url, "one"));
      const refused = await first.exec(client.read(withPassword(url, "wrong")));
      assert.notEqual(refused.exitCode, 0);
      assert.match(refused.output, client.refusal);
      assert.notEqual(await first.stop(), 137, "it ended by itself");

      const second = await bench.start(preset, folder, env);
      const secondUrl = urlOf(preset, env, await second.ready());
      assert.equal(await run(second, client.read(secondUrl)), "one");
      await run(second, client.write(secondUrl, "two"));
      await second.container.kill({ signal: "SIGKILL" });
      await second.container.start();
      const thirdUrl = urlOf(preset, env, await second.ready());
      assert.equal(await run(second, client.read(thirdUrl)), "two");
      const secrets = preset.envVars.flatMap((v) => ("generate" in v ? (env[v.key] ?? "") : []));
      const logs = (await first.logs()) + (await second.logs());
      for (const secret of secrets) assert.ok(!logs.includes(secret), "a secret stands in the log");
    });

    test("runs as a user of its own, and logs to standard output", async () => {
      const instance = await bench.start(preset, await bench.folder(), freshEnv(preset));
      await instance.ready();
      const { Processes } = (await instance.container.top({ ps_args: "-eo pid,uid,args" })) as {
        readonly Processes: readonly (readonly string[])[];
      };
      const servers = Processes.filter(([, , args = ""]) => client.server.test(args) && !/docker-init/.test(args));
      assert.ok(servers.length > 0, JSON.stringify(Processes));
      for (const [, uid, args] of servers) assert.notEqual(uid, "0", args);
      const error = await instance.container.logs({ stdout: false, stderr: true });
      assert.equal(error.toString(), "");
    });

    test("takes another password with its next start: the URL is true again", async () => {
      const [folder, env] = [await bench.folder(), freshEnv(preset)];
      const first = await bench.start(preset, folder, env);
      await run(first, client.write(urlOf(preset, env, await first.ready()), "kept"));
      await first.stop();
      const secret = preset.envVars.find((v) => "generate" in v)?.key ?? assert.fail();
      const changed = { ...env, [secret]: `it's "new" \\ $1 %` };
      const second = await bench.start(preset, folder, changed);
      const host = await second.ready();
      assert.equal(await run(second, client.read(urlOf(preset, changed, host))), "kept");
      assert.notEqual((await second.exec(client.read(urlOf(preset, env, host)))).exitCode, 0);
    });

    test("refuses data that another instance writes", async () => {
      const [folder, env] = [await bench.folder(), freshEnv(preset)];
      const first = await bench.start(preset, folder, env);
      await first.ready();
      const { exitCode, logs } = await (await bench.start(preset, folder, env)).ended();
      assert.equal(exitCode, 1);
      assert.match(logs, /Another instance uses the data/);
    });
  });
}

for (const [id, init] of [
  ["postgres", "pgdata/slipway-init"],
  ["mariadb", "slipway-init"],
] as const) {
  test(`${id} opens its port only when its data are complete`, async () => {
    const [preset, folder] = [presetOf(id), await bench.folder()];
    const instance = await bench.start(preset, folder, freshEnv(preset));
    const host = await eventually(() => instance.address());
    await eventually(() => assert.ok(existsSync(join(folder, init))));
    let isOpen = false;
    while (existsSync(join(folder, init))) {
      isOpen = await accepts(host, instance.port);
      assert.ok(!isOpen || !existsSync(join(folder, init)), "open while it is initialised");
    }
    await instance.ready();
  });

  test(`${id} killed while it initialises starts over`, async () => {
    const [preset, folder] = [presetOf(id), await bench.folder()];
    const env = freshEnv(preset);
    const instance = await bench.start(preset, folder, env);
    await eventually(() => assert.ok(existsSync(join(folder, init))));
    await instance.container.kill({ signal: "SIGKILL" });
    assert.ok(existsSync(join(folder, init)), "it was killed in the middle");
    await instance.container.start();
    const url = urlOf(preset, env, await instance.ready());
    await run(instance, clientOf(id).write(url, "after all"));
    assert.equal(await run(instance, clientOf(id).read(url)), "after all");
    assert.ok(!existsSync(join(folder, init)));
  });
}

test("postgres refuses data of another version and names both", async () => {
  const [preset, folder] = [presetOf("postgres"), await bench.folder()];
  await mkdir(join(folder, "pgdata"));
  await writeFile(join(folder, "pgdata/PG_VERSION"), "9\n");
  const { exitCode, logs } = await (await bench.start(preset, folder, freshEnv(preset))).ended();
  assert.equal(exitCode, 1);
  assert.match(logs, /are of PostgreSQL 9, this image has \d+/);
});

for (const [id, key] of [
  ["postgres", "POSTGRES_PASSWORD"],
  ["mariadb", "MARIADB_ROOT_PASSWORD"],
] as const) {
  test(`${id} without ${key} ends and says so`, async () => {
    const preset = presetOf(id);
    const instance = await bench.start(preset, await bench.folder(), { ...freshEnv(preset), [key]: "" });
    const { exitCode, logs } = await instance.ended();
    assert.equal(exitCode, 1);
    assert.match(logs, new RegExp(`${key} is missing`));
  });
}

test("what has no recipe is refused with its image's name; an aborted build is cancelled", async () => {
  const build = (id: string, with_ = signal) => bench.builder.build(id, quiet, with_);
  await assert.rejects(build("mysql"), { code: "unprocessable", message: /mysql:8/ });
  await assert.rejects(build("oracle"), { code: "not_found" });
  await assert.rejects(build("redis", AbortSignal.abort()), { code: "cancelled" });
});

test("an image with nothing of this machine: apt's files and lists are gone", async () => {
  for (const id of ["postgres", "mariadb", "redis"]) {
    const instance = await bench.start(presetOf(id), await bench.folder(), freshEnv(presetOf(id)));
    const { output } = await instance.exec(["sh", "-c", "ls -A /var/lib/apt/lists /run /etc/apt/apt.conf.d"]);
    assert.doesNotMatch(output, /slipway-|_Packages/);
  }
});
