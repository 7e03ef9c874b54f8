/** A canvas over the API in one process, with clients on real sockets. */

import type { AddressInfo } from "node:net";
import { after, afterEach, before } from "node:test";
import { TestCanvasClient } from "../support/canvas-client.ts";
import { type Bench, openBench, PASSKEY } from "./api-bench.ts";

/** The bench of this file's tests, and where it listens; there once `useCanvas` has been called and tests run. */
export let bench: Bench;
export let base: string;
const open: TestCanvasClient[] = [];

/** Opens a bench for the tests of a file; after each its canvas is empty and nobody is on it. */
export function useCanvas(): void {
  before(async () => {
    bench = await openBench();
    await bench.app.listen({ host: "127.0.0.1", port: 0 });
    base = `http://127.0.0.1:${(bench.app.server.address() as AddressInfo).port}`;
  });
  after(() => bench.close());

  afterEach(async () => {
    for (const client of open.splice(0)) client.ws.terminate();
    await bench.staged.discardAll(bench.project.id);
    for (const { id, serviceId } of (await bench.board.state(bench.project.id)).nodes)
      if (serviceId === null) await bench.board.deleteNode(bench.project.id, id, null);
  });
}

/** Somebody who has said who it is. */
export async function join(token = PASSKEY, project = "default"): Promise<TestCanvasClient> {
  const client = await TestCanvasClient.join(base, project, token);
  open.push(client);
  return client;
}

/** Somebody who has not said anything yet. */
export async function knock(): Promise<TestCanvasClient> {
  const client = await TestCanvasClient.open(base, "default");
  open.push(client);
  return client;
}

export type Node = {
  id: string;
  parent_id: string | null;
  label: string;
  position_x: number;
  service_id: string | null;
};
export type Change = { id: string; op: string; payload: Record<string, unknown>; target_temp_id: string | null };

export const note = (given: object = {}) => ({ type: "note", label: "", position_x: 1, position_y: 2, ...given });

/** A note that was drawn. */
export async function drawn(client: TestCanvasClient, given: object): Promise<Node> {
  client.say("node:upsert", note(given));
  return client.next<Node>("node:upserted");
}

/** A service that is only staged. */
export async function draft(client: TestCanvasClient, name: string, given: object = {}): Promise<Node> {
  client.say("service:create", { draft_id: `draft-${name}`, name, image: "nginx:1", x: 5, y: 6, ...given });
  return (await client.next<{ node: Node }>("service:created")).node;
}
