/** What presets promise without an engine: their data, their secrets, what is said where an image can't be had. */

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { EngineAvailability, REGISTRY_MEMORY_MS } from "../../src/builder/preset-availability.ts";
import { BuiltInPresets } from "../../src/builder/preset-catalog.ts";
import { generateSecret } from "../../src/builder/preset-secrets.ts";
import { requireEnvKey } from "../../src/domain/env-var.ts";
import { AppError } from "../../src/domain/errors.ts";
import { GENERATORS } from "../../src/domain/preset.ts";
import type { ImageAvailability } from "../../src/domain/preset-images.ts";
import { PRESETS } from "../../src/domain/presets.ts";
import { checkedIconUrl, checkedSettings } from "../../src/domain/service-settings-rules.ts";

const lookingAt = (answer: Awaited<ReturnType<ImageAvailability["look"]>>) =>
  new BuiltInPresets({ presets: PRESETS, availability: { look: async () => answer } });

describe("each preset", () => {
  for (const preset of PRESETS) {
    test(`${preset.id} is a service that could be created by hand`, () => {
      const { image, ports, command, volumes } = preset;
      assert.deepEqual(checkedSettings({ image, ports, command, volumes }, { volumeRoots: [], reservedPorts: [] }), {
        ...{ image, ports, command, volumes },
      });
      for (const { key } of preset.envVars) requireEnvKey(key);
      assert.equal(checkedIconUrl(preset.iconUrl), preset.iconUrl);
      assert.ok(
        volumes.some(({ readOnly }) => !readOnly),
        "its data stay",
      );
    });

    test(`${preset.id}'s URL is made of what it has, and of its secret`, () => {
      const names = [...preset.url.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const keys = ["HOST", "PORT", ...preset.envVars.map(({ key }) => key)];
      for (const name of names) assert.ok(name !== undefined && keys.includes(name), name);
      assert.ok(preset.envVars.some((v) => "generate" in v && names.includes(v.key)));
    });
  }

  test("has a recipe if and only if it says so", async () => {
    const folders = await readdir(join(import.meta.dirname, "../../src/presets"));
    const ids = PRESETS.filter(({ hasRecipe }) => hasRecipe).map(({ id }) => id);
    assert.deepEqual(folders.sort(), ids.sort());
  });
});

describe("secrets", () => {
  const shapes = { random_hex_32: /^[0-9a-f]{64}$/, random_base64_24: /^[\w-]{32}$/, password_24: /^[A-Za-z0-9]{24}$/ };
  for (const generator of GENERATORS) {
    test(`${generator} has its shape and never comes twice`, () => {
      const made = Array.from({ length: 500 }, () => generateSecret(generator));
      for (const secret of made) assert.match(secret, shapes[generator]);
      assert.equal(new Set(made).size, made.length);
    });
  }

  test("no letter or digit of a password is favoured", () => {
    const counts = new Map<string, number>();
    const rounds = 10_000;
    for (let i = 0; i < rounds; i++) {
      for (const letter of generateSecret("password_24")) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    }
    const expected = (rounds * 24) / 62;
    assert.equal(counts.size, 62);
    // Bytes modulo 62 would give the first eight a fifth more; 10 % are more than six standard deviations.
    for (const [letter, count] of counts) assert.ok(Math.abs(count / expected - 1) < 0.1, `${letter}: ${count}`);
  });
});

describe("the catalog", () => {
  test("is sorted by name and generates nothing", () => {
    const listed = lookingAt("present").list();
    assert.deepEqual(
      listed.map(({ name }) => name),
      ["MariaDB", "Meilisearch", "MySQL", "PostgreSQL", "Redis", "Typesense"],
    );
    assert.deepEqual(lookingAt("present").list(), listed);
  });

  test("makes other secrets each time and leaves the rest", () => {
    const catalog = lookingAt("present");
    const [one, other] = [catalog.materialize("postgres"), catalog.materialize("postgres")];
    const differing = one.envVars.filter(({ value }, i) => value !== other.envVars[i]?.value).map(({ key }) => key);
    assert.deepEqual(differing, ["POSTGRES_PASSWORD"]);
    assert.ok(one.envVars.every((variable) => Object.keys(variable).join() === "key,value"));
    assert.throws(() => catalog.materialize("oracle"), { code: "not_found", remedy: /postgres/ });
    assert.equal(catalog.find("oracle"), undefined);
  });

  test("has what can be built without asking anybody", async () => {
    const nobody = { look: () => assert.fail("asked") };
    const catalog = new BuiltInPresets({ presets: PRESETS, availability: nobody });
    for (const id of ["postgres", "mariadb", "redis"]) await catalog.requireAvailable(id);
  });

  test("says of what can't be had which image it is and what to do", async () => {
    for (const id of ["mysql", "meilisearch", "typesense"]) {
      for (const answer of ["present", "pullable"] as const) await lookingAt(answer).requireAvailable(id);
      const { image } = PRESETS.find((preset) => preset.id === id) ?? assert.fail();
      const isTold = (error: unknown): boolean =>
        error instanceof AppError &&
        error.code === "unprocessable" &&
        error.message.includes(image) &&
        /slipway registry login.*docker load/.test(error.remedy ?? "") &&
        (error.remedy ?? "").includes("mariadb") === (id === "mysql");
      await assert.rejects(lookingAt("out_of_reach").requireAvailable(id), isTold);
    }
    await assert.rejects(lookingAt("present").requireAvailable("oracle"), { code: "not_found" });
  });
});

describe("a look at an image", () => {
  type Registry = (reference: string, login: unknown, signal: AbortSignal) => Promise<boolean>;

  function openLook(hasImage: Registry) {
    const world = { now: 1_000_000, asked: 0, isOnEngine: false };
    const found = { id: "x", tags: [], labels: {}, createdAt: 0, sizeBytes: 0, exposedPorts: [] };
    const availability = new EngineAvailability({
      driver: {
        findImage: async () => (world.isOnEngine ? found : undefined),
        hasImage: (...args) => {
          world.asked += 1;
          return hasImage(...args);
        },
      },
      logins: { findFor: async () => ({ host: "docker.io", username: "ann", password: "secret" }) },
      clock: { now: () => world.now },
    });
    return { world, look: () => availability.look("mysql:8") };
  }

  test("asks the registry once a minute, with its login and little patience; many at once share one question", async () => {
    const { world, look } = openLook(async (reference, login, signal) => {
      assert.equal(reference, "mysql:8");
      assert.deepEqual(login, { host: "docker.io", username: "ann", password: "secret" });
      assert.ok(!signal.aborted);
      return true;
    });
    assert.deepEqual(await Promise.all([look(), look(), look()]), ["pullable", "pullable", "pullable"]);
    world.now += REGISTRY_MEMORY_MS - 1;
    assert.equal(await look(), "pullable");
    assert.equal(world.asked, 1);
    world.now += 1;
    await look();
    assert.equal(world.asked, 2);
    world.now -= 3_600_000;
    await look();
    assert.equal(world.asked, 3, "a clock that was set back makes no answer last");
  });

  test("sees at once what was loaded meanwhile", async () => {
    const { world, look } = openLook(async () => false);
    assert.equal(await look(), "out_of_reach");
    world.isOnEngine = true;
    assert.equal(await look(), "present");
    assert.equal(world.asked, 1);
  });

  for (const code of ["bad_gateway", "unauthorized", "cancelled"] as const) {
    test(`a registry's ${code} means: out of reach`, async () => {
      const { look } = openLook(async () => {
        throw new AppError(code, "no");
      });
      assert.equal(await look(), "out_of_reach");
    });
  }

  test("an engine that is away is told as that, and asked again the next time", async () => {
    let isAway = true;
    const { look } = openLook(async () => {
      if (isAway) throw new AppError("unavailable", "The engine is away.");
      return true;
    });
    await assert.rejects(look(), { code: "unavailable" });
    isAway = false;
    assert.equal(await look(), "pullable");
  });
});
