/** Gives disk back: what Slipway has made on the engine and nobody uses any more. */

import type Docker from "dockerode";
import type { DockerClient } from "./docker-client.ts";
import { type EngineNames, HELPER_LABEL } from "./engine-names.ts";
import { removeHelper } from "./image-owner.ts";

/** Build cache younger than this stays whatever is asked for: it may be another user's of the engine. */
const LEAST_CACHE_AGE_MS = 24 * 60 * 60 * 1000;

/**
 * Removes untagged images with this server's label, containers that looked into images and were left behind, and build
 * cache unused for that long. The engine has one build cache for all and can't tell whose a record is; so that is the
 * one thing where somebody else's may go, and only after a day without use.
 */
export async function pruneEngine(client: DockerClient, names: EngineNames, olderThanMs: number): Promise<void> {
  const label = [`${HELPER_LABEL}=${names.serverId}`];
  const until = [seconds(olderThanMs)];
  const helpers = await client.call((engine) => engine.listContainers({ all: true, filters: { label } }));
  const old = helpers.filter((helper) => helper.Created * 1000 < Date.now() - olderThanMs);
  for (const helper of old) await removeHelper(client, helper.Id);
  const filters = { dangling: ["true"], label: names.ownFilter(), until };
  // As streams, because the engine is silent while it removes.
  await client.stream((engine) => engine.pruneImages({ filters }));
  await client.stream((engine) => pruneBuildCache(engine, Math.max(olderThanMs, LEAST_CACHE_AGE_MS)));
}

/** dockerode's own call leaves the filters out, which would remove everything. */
function pruneBuildCache(engine: Docker, unusedForMs: number): Promise<void> {
  const filters = JSON.stringify({ until: [seconds(unusedForMs)] });
  const call = {
    path: "/build/prune?",
    method: "POST",
    options: { _query: { filters }, _body: {} },
    statusCodes: { 200: true, 500: "server error" },
  };
  return new Promise((resolve, reject) => {
    engine.modem.dial(call, (error: Error | null) => (error ? reject(error) : resolve()));
  });
}

function seconds(ms: number): string {
  return `${Math.max(1, Math.ceil(ms / 1000))}s`;
}
