/** What every RegistryDriver promises, shown against a registry that asks for a password. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ImageDriver } from "../../src/domain/driver.ts";
import { isAppError } from "../../src/domain/errors.ts";
import type { RegistryDriver, RegistryLogin } from "../../src/domain/registry.ts";

export type RegistryBench = {
  readonly driver: RegistryDriver & Pick<ImageDriver, "findImage" | "tagImage" | "removeImage">;
  readonly login: RegistryLogin;
  /** Host of a registry that does not answer. */
  readonly awayHost: string;
  /** A small image on the engine, with this label. */
  readonly image: string;
  readonly label: readonly [key: string, value: string];
  close(): Promise<void>;
};

const signal = new AbortController().signal;
const quiet = (): void => undefined;

export function registryDriverContract(name: string, open: () => Promise<RegistryBench>): void {
  describe(`registry driver: ${name}`, () => {
    let bench: RegistryBench;
    before(async () => {
      bench = await open();
    });
    after(() => bench.close());

    const remote = (path: string): string => `${bench.login.host}/${path}`;

    /** Pushes the image as that name and takes the name away again. */
    async function pushed(path: string): Promise<string> {
      await bench.driver.tagImage(bench.image, remote(path));
      try {
        await bench.driver.pushImage(remote(path), bench.login, quiet, signal);
      } finally {
        await bench.driver.removeImage(remote(path));
      }
      return remote(path);
    }

    test("what was pushed is pulled, its labels with it", async () => {
      const reference = await pushed("contract/there:1");
      assert.equal(await bench.driver.findImage(reference), undefined);
      const lines: string[] = [];
      await bench.driver.pullImage(reference, bench.login, (line) => lines.push(line), signal);
      const [key, value] = bench.label;
      assert.equal((await bench.driver.findImage(reference))?.labels[key], value);
      assert.ok(lines.length > 0 && lines.every((line) => !line.includes("\n")));
      await bench.driver.removeImage(reference);
    });

    test("whether a registry has an image is told without fetching it", async () => {
      const reference = await pushed("contract/asked:1");
      const has = (wanted: string, login: RegistryLogin | undefined) => bench.driver.hasImage(wanted, login, signal);
      assert.equal(await has(reference, bench.login), true);
      assert.equal(await has(remote("contract/asked:2"), bench.login), false);
      assert.equal(await has(remote("contract/nothing:1"), bench.login), false);
      assert.equal(await bench.driver.findImage(reference), undefined);
      await assert.rejects(has(reference, undefined), { code: "unauthorized" });
      await assert.rejects(has(`${bench.awayHost}/a:1`, bench.login), { code: "bad_gateway" });
      await assert.rejects(bench.driver.hasImage(reference, bench.login, AbortSignal.abort()), { code: "cancelled" });
    });

    test("without or with a wrong login it is `unauthorized`, and the password stands nowhere", async () => {
      const reference = await pushed("contract/locked:1");
      const wrong = { ...bench.login, password: "wrong-password" };
      const isRefusal = (error: unknown): boolean =>
        isAppError(error, "unauthorized") && !`${error.message}${error.remedy}`.includes(wrong.password);
      await assert.rejects(bench.driver.pullImage(reference, undefined, quiet, signal), isRefusal);
      await assert.rejects(bench.driver.pullImage(reference, wrong, quiet, signal), isRefusal);
      await assert.rejects(bench.driver.checkLogin(wrong), isRefusal);
      await bench.driver.tagImage(bench.image, reference);
      await assert.rejects(bench.driver.pushImage(reference, wrong, quiet, signal), isRefusal);
      await bench.driver.removeImage(reference);
      await bench.driver.checkLogin(bench.login);
    });

    test("what is not there is `not_found`, here and there; a registry that is away `bad_gateway`", async () => {
      const pull = (reference: string) => bench.driver.pullImage(reference, bench.login, quiet, signal);
      await assert.rejects(pull(remote("contract/nothing:1")), { code: "not_found" });
      await assert.rejects(bench.driver.pushImage(remote("contract/not-here:1"), bench.login, quiet, signal), {
        code: "not_found",
      });
      await assert.rejects(pull(`${bench.awayHost}/a:1`), { code: "bad_gateway" });
      await assert.rejects(bench.driver.checkLogin({ ...bench.login, host: bench.awayHost }), { code: "bad_gateway" });
    });

    test("an aborted transfer is `cancelled`", async () => {
      const abort = AbortSignal.abort();
      const pull = bench.driver.pullImage(remote("contract/there:1"), bench.login, quiet, abort);
      await assert.rejects(pull, { code: "cancelled" });
    });
  });
}
