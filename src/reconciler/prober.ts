/**
 * Looks at instances again and again: often while they start, now and then later. It only reports; what follows from a
 * look is decided by planReconcile.
 */

import type { Clock } from "../domain/clock.ts";
import { DEFAULT_HEALTH_INTERVAL_MS, type Deployment } from "../domain/deployment.ts";
import { BAD_LOOKS_TO_FAIL } from "../domain/failure-count.ts";
import type { Look } from "../domain/instance.ts";

export type ProbeTarget = {
  readonly runtimeId: string;
  readonly serviceId: string;
  readonly address: string;
  readonly startedAt: number;
  /** It was found well before: the first look may take its time, and tells only what is new. */
  readonly isReady: boolean;
  readonly deployment: Pick<Deployment, "listenPorts" | "health">;
};

export type LookAt = (target: ProbeTarget) => Promise<number | undefined>;

export type ProberOptions = {
  readonly clock: Clock;
  /** Takes one look at an instance: the port that is well, undefined when none is. Never rejects. */
  readonly lookAt: LookAt;
  /** Called when a look differs in kind from the one before: became well, went bad, bad often enough to act on. */
  readonly onChange: (serviceId: string) => void;
};

/** A service without a port is ready after this long of running, in milliseconds (design 8.2). */
const PORTLESS_READY_MS = 10_000;

/** While an instance starts, a look that hangs does not hold up the next one for longer than this, in milliseconds. */
const STARTING_LOOK_MS = 1_000;

type Watch = {
  readonly target: ProbeTarget;
  /** It was well at least once. */
  wasWell: boolean;
  /** How many looks have begun, and which of them told last. */
  begun: number;
  told: number;
  cancel: () => void;
};

export class Prober {
  readonly #options: ProberOptions;
  readonly #watches = new Map<string, Watch>();
  readonly #looks = new Map<string, Look>();

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  /** Starts looking; a second call for the same instance changes nothing. */
  watch(target: ProbeTarget): void {
    if (this.#watches.has(target.runtimeId)) return;
    const watch: Watch = { target, wasWell: target.isReady, begun: 0, told: 0, cancel: () => undefined };
    this.#watches.set(target.runtimeId, watch);
    // After a restart of Slipway not everything is looked at in the same moment.
    this.#lookAfter(watch, target.isReady ? Math.random() * intervalOf(target) : 0);
  }

  /** Idempotent. */
  forget(runtimeId: string): void {
    this.#watches.get(runtimeId)?.cancel();
    this.#watches.delete(runtimeId);
    this.#looks.delete(runtimeId);
  }

  /** The last look at each, by runtime id; it changes as looks are taken. */
  looks(): ReadonlyMap<string, Look> {
    return this.#looks;
  }

  close(): void {
    for (const id of [...this.#watches.keys()]) this.forget(id);
  }

  #lookAfter(watch: Watch, delayMs: number): void {
    watch.cancel = this.#options.clock.schedule(delayMs, () => {
      void this.#look(watch);
    });
  }

  async #look(watch: Watch): Promise<void> {
    const { target } = watch;
    const { clock } = this.#options;
    const beganAt = clock.now();
    watch.begun += 1;
    const look = watch.begun;
    // A slow answer may be a good one, so it is waited for, and looked at again meanwhile.
    if (!watch.wasWell) this.#lookAfter(watch, STARTING_LOOK_MS);
    const port = await this.#findWell(target);
    if (this.#watches.get(target.runtimeId) !== watch) return;
    const isWell = port !== undefined;
    // Another look began later and has ended already: what it saw is news, this one's is not.
    if (look < watch.told && (watch.wasWell || !isWell)) return;
    watch.told = Math.max(watch.told, look);
    const before = this.#looks.get(target.runtimeId);
    const badInRow = isWell ? 0 : (before?.badInRow ?? 0) + 1;
    const hasChanged = before === undefined ? isWell !== target.isReady : isWell !== before.isWell;
    this.#looks.set(target.runtimeId, { isWell, port: port ?? null, badInRow });
    watch.wasWell ||= isWell;
    if (hasChanged || badInRow === BAD_LOOKS_TO_FAIL) this.#options.onChange(target.serviceId);
    if (look < watch.begun && !isWell) return;
    watch.cancel();
    const delay = this.#nextDelayMs(watch, isWell);
    // From begin to begin: a slow answer does not make looks rarer.
    if (delay !== null) this.#lookAfter(watch, Math.max(0, delay - (clock.now() - beganAt)));
  }

  /** The port that is well, null for a portless one that is, undefined when it is not. */
  async #findWell(target: ProbeTarget): Promise<number | null | undefined> {
    const { clock, lookAt } = this.#options;
    if (target.deployment.listenPorts.length > 0) return lookAt(target);
    return clock.now() - target.startedAt >= PORTLESS_READY_MS ? null : undefined;
  }

  /** Often while it starts, at its interval later. One without a port needs no further look: engine events say enough. */
  #nextDelayMs({ target, wasWell }: Watch, isWell: boolean): number | null {
    if (wasWell) return isWell && target.deployment.listenPorts.length === 0 ? null : intervalOf(target);
    const ageMs = this.#options.clock.now() - target.startedAt;
    if (ageMs < 5_000) return 20;
    if (ageMs < 20_000) return 200;
    return Math.min(intervalOf(target), 1000);
  }
}

function intervalOf({ deployment }: ProbeTarget): number {
  return deployment.health?.intervalMs ?? DEFAULT_HEALTH_INTERVAL_MS;
}
