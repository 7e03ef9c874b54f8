/**
 * The connections to one upstream that wait for their next request, the last used first. An upstream may close an idle
 * one in the moment a request is sent on it; nobody can tell then whether that request was read. What may be sent twice
 * is sent again; what may not must only take a connection that is surely good: one that has been idle for less than half
 * the time others were seen to stay open.
 */

import type { Client } from "./undici-client.ts";

/** Longest time a surely good connection has been idle, whatever was seen, in milliseconds. */
const SURE_LIMIT_MS = 1_000;
const MAX_IDLE = 256;

type Idle = { readonly client: Client; readonly sinceMs: number };

export class IdleClients {
  readonly #idle: Idle[] = [];
  /** The longest time one was seen idle and still open, in milliseconds. */
  #seenOpenMs = 0;
  /** The shortest time after which the upstream closed one, in milliseconds. */
  #seenClosedMs = Number.POSITIVE_INFINITY;

  put(client: Client): void {
    if (this.#idle.length >= MAX_IDLE) void this.#idle.shift()?.client.close();
    this.#idle.push({ client, sinceMs: performance.now() });
  }

  take(): Client | undefined {
    return this.#idle.pop()?.client;
  }

  /** One that the upstream surely does not close just now, if there is any. */
  takeSure(): Client | undefined {
    const oldest = this.#idle[0];
    const newest = this.#idle.at(-1);
    if (oldest === undefined || newest === undefined) return undefined;
    const now = performance.now();
    this.#seenOpenMs = Math.max(this.#seenOpenMs, now - oldest.sinceMs);
    const sureMs = Math.min(SURE_LIMIT_MS, Math.min(this.#seenOpenMs, this.#seenClosedMs) / 2);
    return now - newest.sinceMs <= sureMs ? this.take() : undefined;
  }

  /** It is no longer connected. @param isByUpstream not by a limit of our own */
  closed(client: Client, isByUpstream: boolean): void {
    const index = this.#idle.findIndex((idle) => idle.client === client);
    const [idle] = index < 0 ? [] : this.#idle.splice(index, 1);
    if (idle === undefined || !isByUpstream) return;
    this.#seenClosedMs = Math.min(this.#seenClosedMs, performance.now() - idle.sinceMs);
  }

  closeAll(): void {
    for (const { client } of this.#idle.splice(0)) void client.close();
  }
}
