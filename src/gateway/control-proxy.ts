/**
 * Gets a request for the platform itself to the control process. While that is away (it is being restarted) requests
 * wait, so that nobody sees a restart.
 */

import type { GatewayError } from "./answers.ts";
import type { ForwardOutcome } from "./forwarder.ts";
import { MAX_WAITING } from "./routing-state.ts";
import { Upstream } from "./upstream.ts";

/** How long a request waits for control to come back, in milliseconds. */
const AWAY_MS = 15_000;
/** How often it is looked for, in milliseconds. */
const RETRY_MS = 25;

export type ControlRequest = {
  attempt(upstream: Upstream): Promise<ForwardOutcome>;
  isRepeatable(): boolean;
  isGone(): boolean;
};

export class ControlProxy {
  readonly #upstream: Upstream;
  readonly #awayMs: number;
  #waiting = 0;

  /** @param socketPath the unix socket control serves its API on */
  constructor(socketPath: string, awayMs = AWAY_MS) {
    this.#upstream = new Upstream("control", { path: socketPath });
    this.#awayMs = awayMs;
  }

  /** @returns the error to answer with; undefined when there is nothing left to answer */
  async send(request: ControlRequest): Promise<GatewayError | undefined> {
    const until = performance.now() + this.#awayMs;
    while (!request.isGone()) {
      const outcome = await request.attempt(this.#upstream);
      if (outcome === "answered" || outcome === "cut" || outcome === "client_gone") return undefined;
      const mayRepeat = outcome === "not_connected" || (outcome === "no_answer" && request.isRepeatable());
      if (!mayRepeat) return outcome === "unsendable" ? UNSENDABLE : LOST;
      if (performance.now() > until || this.#waiting >= MAX_WAITING) return AWAY;
      this.#waiting += 1;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      this.#waiting -= 1;
    }
    return undefined;
  }
}

const AWAY: GatewayError = {
  status: 503,
  code: "unavailable",
  message: "Slipway's control process is away; deployed functions are still served.",
  retryAfterSeconds: 2,
};
const LOST: GatewayError = {
  status: 502,
  code: "bad_gateway",
  message: "Slipway's control process went away during the request; look whether it took effect.",
};
const UNSENDABLE: GatewayError = {
  status: 400,
  code: "invalid",
  message: "The request holds something that can't be forwarded.",
};
