import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { describe, it } from "node:test";
import { isAppError } from "../domain/errors.ts";
import { randomHex } from "../lib/ids.ts";
import { DockerClient, requireApiVersion } from "./docker-client.ts";

/** Something that answers like an engine of that version, and tells which paths were asked for. */
async function startEngine(socketPath: string, apiVersion: string): Promise<{ server: Server; paths: string[] }> {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? "");
    const isVersion = request.url?.endsWith("/version") ?? false;
    response.end(JSON.stringify(isVersion ? { Version: "1.2.3", ApiVersion: apiVersion } : []));
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return { server, paths };
}

describe("DockerClient", () => {
  it("speaks the newest API the engine has, and asks anew after the engine was away", async () => {
    const socketPath = `/tmp/slipway-engine-${randomHex(4)}.sock`;
    const client = new DockerClient({ socketPath });
    const list = () => client.call((engine) => engine.listContainers());
    await assert.rejects(list(), (error) => isAppError(error, "unavailable"));

    const old = await startEngine(socketPath, "1.41");
    await list();
    await list();
    assert.deepEqual(old.paths, ["/version", "/v1.41/containers/json", "/v1.41/containers/json"]);
    await new Promise((resolve) => old.server.close(resolve));
    await assert.rejects(list(), (error) => isAppError(error, "unavailable"));

    const upgraded = await startEngine(socketPath, "1.52");
    await list();
    assert.deepEqual(upgraded.paths, ["/version", "/v1.52/containers/json"]);
    await new Promise((resolve) => upgraded.server.close(resolve));
  });
});

describe("requireApiVersion", () => {
  it("accepts 1.41 and newer, compared as numbers", () => {
    for (const apiVersion of ["1.41", "1.52", "1.100", "2.0"]) requireApiVersion({ version: "x", apiVersion });
  });

  it("an older engine is unavailable, with its version, what is needed and what to do", () => {
    for (const apiVersion of ["1.40", "1.9", "0.99", ""])
      assert.throws(
        () => requireApiVersion({ version: "19.03.1", apiVersion }),
        (error) =>
          isAppError(error, "unavailable") && /19\.03\.1.*1\.41/.test(error.message) && error.remedy !== undefined,
      );
  });
});
