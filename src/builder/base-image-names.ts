/** Our own base images and the public images they stand in for. */

import { AppError, isAppError } from "../domain/errors.ts";

export const BASE_NODE_IMAGE = "slipway/base-node:24";
export const BASE_PYTHON_IMAGE = "slipway/base-python:3";

const LOCAL_BASES: Readonly<Record<string, string>> = {
  "node:24-slim": BASE_NODE_IMAGE,
  "python:3-slim": BASE_PYTHON_IMAGE,
};

/** Our image that does for a public one, if there is one. A Debian is one of the same release. */
export function localBaseOf(reference: string): string | undefined {
  const suite = /^debian:([a-z]+)-slim$/.exec(reference)?.[1];
  if (suite !== undefined) return `slipway/base-debian:${suite}`;
  return Object.hasOwn(LOCAL_BASES, reference) ? LOCAL_BASES[reference] : undefined;
}

const PULL_FAILURE =
  /failed to (?:do request|resolve)|pull access denied|no such host|i\/o timeout|connection refused|manifest unknown|TLS handshake|insufficient_scope/i;

/** Adds what to do when a build failed because its base image can't be had; any other error stays as it is. */
export function withBaseImageHint(error: unknown, bases: readonly string[]): unknown {
  if (!isAppError(error, "build_failed") || !PULL_FAILURE.test(error.message)) return error;
  const logTail = error.logTail === undefined ? {} : { logTail: error.logTail };
  if (/docker\/dockerfile(?:-upstream)?[:/]/.test(error.message)) {
    return new AppError("build_failed", `The Dockerfile's "# syntax=" image can't be fetched. ${error.message}`, {
      cause: error,
      remedy: "Remove the line that starts with `# syntax=`, or let the engine reach a registry.",
      ...logTail,
    });
  }
  if (bases.length === 0) return error;
  return new AppError("build_failed", `The base image ${bases.join(", ")} can't be fetched. ${error.message}`, {
    cause: error,
    remedy: `Run \`slipway base build\`: it makes ${BASE_NODE_IMAGE} and ${BASE_PYTHON_IMAGE} without a registry; the built-in runtimes use them by themselves, a Dockerfile of your own names them in FROM.`,
    ...logTail,
  });
}
