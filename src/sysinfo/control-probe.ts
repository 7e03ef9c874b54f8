/** Looks at a server through its own socket, where no gateway and no credential stands in between. */

import { request } from "node:http";

/** Longest wait for an answer, in milliseconds. */
const LIMIT_MS = 3_000;

export type ServerLook = { readonly version: string; readonly isReady: boolean };

/**
 * Undefined while nobody answers there. Ready is what works by itself and whose gateway workers are of its version: until
 * they listen, older ones serve. Its engine may be away: that is no fault of the server's.
 */
export async function lookAtServer(socketPath: string): Promise<ServerLook | undefined> {
  const health = await get(socketPath, "/api/health").catch(() => undefined);
  if (health?.version === undefined) return undefined;
  const readiness = await get(socketPath, "/readyz").catch(() => undefined);
  if (readiness === undefined) return undefined;
  const { checks, handed_over } = JSON.parse(readiness.text) as Readiness;
  return { version: health.version, isReady: checks?.store === true && handed_over === true };
}

type Readiness = { readonly checks?: { readonly store?: boolean }; readonly handed_over?: boolean };

function get(
  socketPath: string,
  path: string,
): Promise<{ readonly version: string | undefined; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, agent: false, timeout: LIMIT_MS }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const version = response.headers["x-slipway-version"];
        resolve({ version: String(version ?? "") || undefined, text: Buffer.concat(chunks).toString() });
      });
    });
    sent.on("timeout", () => sent.destroy(new Error("no answer")));
    sent.on("error", reject);
    sent.end();
  });
}
