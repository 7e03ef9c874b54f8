/** Asks one instance what its deployment's test says, over the network. */

import { request } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { judgeTest, TEST_LIMIT_MS, type TestAnswer, testRequest, unansweredTest } from "../domain/deploy-test.ts";
import type { DeployTest } from "../domain/deployment.ts";
import type { RuntimeProtocol } from "../domain/runtime.ts";

/** Where an instance listens. */
export type TestTarget = { readonly address: string; readonly port: number };

/** More of an answer is not read. */
const MAX_BODY_BYTES = 1024 * 1024;
/** An instance that was just connected to its networks may not be reached for a moment. */
const CONNECT_AGAIN_MS = 100;
const CONNECT_LIMIT_MS = 2_000;

/**
 * Null when the instance passes, else why not, for people. Never rejects. It ends after `timeoutMs`, at most
 * TEST_LIMIT_MS.
 */
export async function runDeployTest(
  target: TestTarget,
  test: DeployTest,
  protocol: RuntimeProtocol,
  timeoutMs: number,
): Promise<string | null> {
  const limitMs = Math.min(timeoutMs, TEST_LIMIT_MS);
  const signal = AbortSignal.timeout(limitMs);
  const startedAt = performance.now();
  for (;;) {
    try {
      return judgeTest(test, protocol, await ask(target, test, protocol, signal));
    } catch (error) {
      if (signal.aborted) return unansweredTest(test, `nothing came within ${limitMs} ms`);
      const isOver = performance.now() - startedAt > Math.min(CONNECT_LIMIT_MS, limitMs);
      if (isOver || !isUnconnected(error)) return unansweredTest(test, wordsOf(error));
      await wait(CONNECT_AGAIN_MS);
    }
  }
}

function ask(
  { address, port }: TestTarget,
  test: DeployTest,
  protocol: RuntimeProtocol,
  signal: AbortSignal,
): Promise<TestAnswer> {
  const { method, path, headers, body } = testRequest(test, protocol);
  // As it was given where that can be sent, else as a browser would send it.
  const sendable = /^[\x21-\x7e]*$/.test(path) ? path : encodeURI(path);
  const length = method === "GET" ? {} : { "content-length": Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: address, port, method, path: sendable, headers: { ...headers, ...length }, agent: false, signal },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        const end = (): void =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") });
        response.on("data", (chunk: Buffer) => {
          size += chunk.length;
          chunks.push(chunk);
          if (size <= MAX_BODY_BYTES) return;
          end();
          response.destroy();
        });
        response.once("end", end);
        response.once("error", reject);
      },
    );
    sent.once("error", reject);
    sent.end(body);
  });
}

const UNCONNECTED = new Set(["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH"]);

function isUnconnected(error: unknown): boolean {
  return error instanceof Error && "code" in error && UNCONNECTED.has(String(error.code));
}

function wordsOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ECONNRESET") return "the connection was closed before an answer came";
  return error instanceof Error ? error.message || code : String(error);
}
