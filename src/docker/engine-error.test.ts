import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AppError } from "../domain/errors.ts";
import { engineStatus, engineWords, toAppError } from "./engine-error.ts";

const SOCKET = "/run/engine.sock";

/** As dockerode makes it of an answer. */
function answered(statusCode: number, message: string): Error {
  return Object.assign(new Error(`(HTTP code ${statusCode}) unexpected - ${message} `), {
    statusCode,
    json: { message },
  });
}

function failed(code: string): Error {
  return Object.assign(new Error(`connect ${code} ${SOCKET}`), { code });
}

describe("toAppError", () => {
  it("translates the engine's answers by status, in the engine's words", () => {
    const rows = [
      [404, "no such image: x", "not_found", "No such image: x."],
      [409, "name in use", "conflict", "Name in use."],
      [
        409,
        "can not get logs from container which is dead or marked for removal",
        "not_found",
        "Can not get logs from container which is dead or marked for removal.",
      ],
      [500, "write /a: no space left on device", "disk_full", undefined],
      [500, "boom", "internal", "The Docker engine answered 500: boom"],
    ] as const;
    for (const [status, words, code, message] of rows) {
      const error = toAppError(answered(status, words), SOCKET);
      assert.equal(error.code, code);
      if (message !== undefined) assert.equal(error.message, message);
    }
  });

  it("an engine that is away is unavailable, at its socket's path and with a remedy", () => {
    for (const code of ["ECONNREFUSED", "ENOENT", "EPIPE", "ECONNRESET"]) {
      const error = toAppError(failed(code), SOCKET);
      assert.equal(error.code, "unavailable");
      assert.equal(error.message, `The Docker engine does not answer at ${SOCKET}.`);
      assert.ok(error.remedy);
    }
  });

  it("a socket that may not be used is unavailable, with what to do about it", () => {
    const error = toAppError(failed("EACCES"), SOCKET);
    assert.equal(error.code, "unavailable");
    assert.match(error.remedy ?? "", /group `docker`/);
  });

  it("what was aborted is cancelled, and an AppError stays as it is", () => {
    assert.equal(toAppError(new DOMException("aborted", "AbortError"), SOCKET).code, "cancelled");
    const own = new AppError("timeout", "too slow");
    assert.equal(toAppError(own, SOCKET), own);
  });

  it("status and words can still be read from the translated error", () => {
    const error = toAppError(answered(403, "not so"), SOCKET);
    assert.deepEqual([engineStatus(error), engineWords(error)], [403, "not so"]);
  });
});
