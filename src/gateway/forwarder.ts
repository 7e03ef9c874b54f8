/** How one request is sent to one upstream. The narrow waist of the data plane: a faster one can take its place. */

import type { Exchange } from "./exchange.ts";
import type { Upstream } from "./upstream.ts";

/**
 * How an attempt ended. Only with `answered` and `cut` something was written to the client; else the caller answers or
 * tries again.
 * - `not_connected`: no connection came about, so nothing was sent
 * - `no_answer`: it was sent (in part), and not one byte came back
 * - `timeout`: no byte of an answer in time
 * - `unsendable`: the upstream could not be sent such a request; the client's fault
 * - `bad_answer`: what came back is no HTTP that could be passed on
 * - `answered`: the whole answer was handed to the client's connection
 * - `cut`: the answer ended too early; the client's connection was destroyed so that it can tell
 * - `client_gone`: the client left
 */
export type ForwardOutcome =
  | "answered"
  | "cut"
  | "not_connected"
  | "no_answer"
  | "timeout"
  | "unsendable"
  | "bad_answer"
  | "client_gone";

export interface Forwarder {
  /** Sends it and passes the answer on, both streamed with back-pressure. Never rejects. */
  forward(exchange: Exchange, upstream: Upstream): Promise<ForwardOutcome>;
}
