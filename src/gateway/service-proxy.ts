/**
 * Gets a request to an instance of its service: waits while the service is parked, picks an instance, and tries again
 * where that can do no harm. What can't be had ends in one JSON answer.
 */

import type { RouteState, ServiceRoute } from "../domain/route.ts";
import type { GatewayError } from "./answers.ts";
import type { ForwardOutcome } from "./forwarder.ts";
import type { RoutingState } from "./routing-state.ts";
import type { Upstream } from "./upstream.ts";

/** How long a request waits for a table without the instance that did not take its connection, in milliseconds. */
const REFUSED_WAIT_MS = 5_000;
/** How long after a refused connection the same instance is tried again, in milliseconds. */
const REFUSED_RETRY_MS = 200;
/**
 * The same after one that broke off: it may only have closed an idle connection just when that was used. But if it is
 * dying, for a moment it still takes connections that it will break off as well.
 */
const BROKE_OFF_RETRY_MS = 50;

/** One request as the proxy sees it: an HTTP exchange or an upgrade. */
export type ProxiedRequest = {
  /** Sends it to that instance. */
  attempt(upstream: Upstream, service: ServiceRoute): Promise<ForwardOutcome>;
  /** It may be sent a second time although the first may have had an effect. */
  isRepeatable(): boolean;
  isGone(): boolean;
  /** Calls back when the client leaves; undefined takes it back. */
  onGone(listener: (() => void) | undefined): void;
};

const OVER = new Set<ForwardOutcome>(["answered", "cut", "client_gone"]);

export class ServiceProxy {
  readonly #routing: RoutingState;

  constructor(routing: RoutingState) {
    this.#routing = routing;
  }

  /** @returns the error to answer with; undefined when there is nothing left to answer */
  async send(request: ProxiedRequest, first: ServiceRoute): Promise<GatewayError | undefined> {
    const journey = new Journey();
    let service = first;
    while (!request.isGone()) {
      if (service.state === "ready") {
        const upstream = this.#routing.upstreams.pick(service, journey.tried);
        if (upstream !== undefined) {
          const outcome = await request.attempt(upstream, service);
          if (OVER.has(outcome)) return undefined;
          const error = journey.note(outcome, upstream, request.isRepeatable());
          if (error !== undefined) return error;
          service = this.#routing.table.services.get(service.serviceId) ?? gone(service);
          continue;
        }
      } else if (service.state !== "parked") return notServing(service.name, service.state);
      const error = await this.#wait(request, service, journey);
      if (error !== undefined) return error;
      service = this.#routing.table.services.get(service.serviceId) ?? gone(service);
    }
    return undefined;
  }

  /** Waits for another table, or for a second look at instances that refused or broke off. */
  async #wait(request: ProxiedRequest, service: ServiceRoute, journey: Journey): Promise<GatewayError | undefined> {
    const isParked = service.state === "parked";
    const leftMs = isParked ? journey.parkLeftMs(service.parkMs) : journey.refusedLeftMs();
    if (leftMs <= 0) return isParked ? notServing(service.name, "starting") : unreachable(service.name);
    if (this.#routing.isFull) return busy(service.name);
    await this.#routing.nextTable(isParked ? leftMs : Math.min(leftMs, journey.retryMs), (cancel) =>
      request.onGone(cancel),
    );
    journey.tried.clear();
    return undefined;
  }
}

/** What has happened to one request so far. */
class Journey {
  /** Instances that just failed it; looked at again after a wait. */
  readonly tried = new Set<Upstream>();
  /** Longest wait until they are looked at again, in milliseconds. */
  retryMs = REFUSED_RETRY_MS;
  #repeats = 0;
  #parkedAt: number | undefined;
  #refusedAt: number | undefined;

  /** @returns the error that ends the journey, or undefined when it may go on */
  note(outcome: ForwardOutcome, upstream: Upstream, isRepeatable: boolean): GatewayError | undefined {
    this.tried.add(upstream);
    switch (outcome) {
      case "not_connected":
        this.retryMs = REFUSED_RETRY_MS;
        this.#refusedAt ??= performance.now();
        return undefined;
      case "no_answer":
        if (!isRepeatable || this.#repeats > 0) return BROKE_OFF;
        this.#repeats += 1;
        this.retryMs = BROKE_OFF_RETRY_MS;
        this.#refusedAt ??= performance.now();
        return undefined;
      case "timeout":
        return TOO_SLOW;
      case "unsendable":
        return { status: 400, code: "invalid", message: "The request holds something that can't be forwarded." };
      case "answered":
      case "cut":
      case "client_gone":
      case "bad_answer":
        return BROKE_OFF;
    }
  }

  parkLeftMs(parkMs: number): number {
    this.#parkedAt ??= performance.now();
    return this.#parkedAt + parkMs - performance.now();
  }

  refusedLeftMs(): number {
    this.#refusedAt ??= performance.now();
    return this.#refusedAt + REFUSED_WAIT_MS - performance.now();
  }
}

const BROKE_OFF: GatewayError = {
  status: 502,
  code: "bad_gateway",
  message: "The function's instance broke off without a usable answer.",
};
const TOO_SLOW: GatewayError = {
  status: 504,
  code: "timeout",
  message: "The function did not begin to answer in time.",
};

function unreachable(name: string): GatewayError {
  return { status: 502, code: "bad_gateway", message: `${name} could not be reached.` };
}

function busy(name: string): GatewayError {
  const message = `Too many requests are waiting for ${name}.`;
  return { status: 503, code: "unavailable", message, retryAfterSeconds: 5 };
}

function gone(service: ServiceRoute): ServiceRoute {
  return { ...service, state: "stopped", targets: [] };
}

const WORDS: Readonly<Record<Exclude<RouteState, "ready" | "parked">, string>> = {
  building: "is being built",
  starting: "is starting",
  stopped: "is stopped",
  failed: "has failed; its log tells why",
};

function notServing(name: string, state: Exclude<RouteState, "ready" | "parked">): GatewayError {
  const retryAfterSeconds = state === "stopped" || state === "failed" ? 30 : 2;
  return { status: 503, code: "unavailable", message: `${name} ${WORDS[state]}.`, retryAfterSeconds };
}
