/** An instance: one running copy of a deployment, in a slot (deployment, replica) that keeps its address. */

/** The record of a slot, as the store keeps it. */
export type InstanceRecord = {
  /** `<first 8 of the deployment id>-<replica>`; unique on the server. */
  readonly slot: string;
  readonly serviceId: string;
  readonly projectId: string;
  readonly deploymentId: string;
  /** 0, 1, 2, … */
  readonly replica: number;
  /** The driver's id of the present copy; null while there is none. */
  readonly runtimeId: string | null;
  /** IPv4 address on the project's network. */
  readonly address: string;
  /** The port found to be listened on; null until ready, and for a service without one. */
  readonly port: number | null;
  /**
   * `waiting`: between a crash and the next start. `draining`: leaving, or, with a next start, gone bad and about to wait.
   * Requests go to `ready` ones only.
   */
  readonly state: "waiting" | "starting" | "ready" | "draining";
  /** How often it went bad since it was last ready for STABLE_MS. */
  readonly restartCount: number;
  /** Not started again before this time (NEVER: it ended and rests); ms since the epoch. 0 while it runs, or leaves for good. */
  readonly nextStartAt: number;
  readonly startedAt: number | null;
  readonly readyAt: number | null;
  readonly lastExitCode: number | null;
  readonly lastLogTail: string | null;
};

/** What the prober saw last of an instance. */
export type Look = {
  readonly isWell: boolean;
  /** The port that answered. */
  readonly port: number | null;
  /** Looks in a row that were not well. */
  readonly badInRow: number;
};

export interface InstanceStore {
  /** Sorted by slot. */
  list(filter?: { readonly serviceId?: string }): Promise<readonly InstanceRecord[]>;
  /** Creates or replaces the slot's record. */
  put(record: InstanceRecord): Promise<void>;
  /** @throws AppError `not_found` */
  update(
    slot: string,
    patch: Partial<Omit<InstanceRecord, "slot" | "serviceId" | "deploymentId">>,
  ): Promise<InstanceRecord>;
  /** Idempotent. */
  remove(slot: string): Promise<void>;
}

/** Addresses of a project's network: a slot keeps its own, a freed one rests before anybody gets it. */
export interface AddressStore {
  /**
   * The host number (2…223 of the /24) of the slot: the one it holds, else the lowest that nobody holds and that was
   * freed `restMs` ago or earlier, or never used. What it held last is its own again, even while that rests.
   * @throws AppError `unavailable` when all are held or resting
   */
  claim(projectId: string, slot: string, now: number, restMs: number): Promise<number>;
  /** The slot's address starts to rest. Idempotent. */
  release(projectId: string, slot: string, now: number): Promise<void>;
}

/** How long a freed address rests, in milliseconds (design 9). */
export const ADDRESS_REST_MS = 60_000;
/** First and last host number that Slipway assigns itself; .224/27 is left to what others connect. */
export const FIRST_HOST_NUMBER = 2;
export const LAST_HOST_NUMBER = 223;

export function slotOf(deploymentId: string, replica: number): string {
  return `${deploymentId.slice(0, 8)}-${replica}`;
}

/** The next start of an instance that ended and, by its deployment's restart policy, stays down. */
export const NEVER = Number.MAX_SAFE_INTEGER;

/** It ended on its own and stays down; its exit code is kept. */
export function isAtRest({ state, nextStartAt }: Pick<InstanceRecord, "state" | "nextStartAt">): boolean {
  return state === "waiting" && nextStartAt === NEVER;
}

/** It drains and is not started again; one that drains because it went bad holds its place. */
export function isLeaving({ state, nextStartAt }: Pick<InstanceRecord, "state" | "nextStartAt">): boolean {
  return state === "draining" && nextStartAt === 0;
}
