/** Which copies of a deployment are wanted, when it has more or fewer of them than its scale. Pure. */

import type { Deployment } from "./deployment.ts";
import type { ObservedInstance } from "./driver.ts";
import { isLooping } from "./failure-count.ts";
import { type InstanceRecord, isLeaving, type Look } from "./instance.ts";

export type ChoiceInput = {
  readonly now: number;
  readonly records: readonly InstanceRecord[];
  readonly observed: readonly ObservedInstance[];
  /** By runtime id. */
  readonly looks: ReadonlyMap<string, Look>;
};

/**
 * The replica numbers to keep running or to start, `deployment.replicas` of them: those it has, ready ones first (a sick
 * one after all that are well), then starting, then waiting ones and those that have ended; of equals the newest. So what is too much goes sick ones
 * first, then the oldest. Missing ones get the lowest numbers that no record has; one that drains to leave keeps its
 * number until it is gone.
 */
export function chooseReplicas(deployment: Deployment, input: ChoiceInput): readonly number[] {
  const own = input.records.filter((r) => r.deploymentId === deployment.id);
  const kept = own
    .filter((r) => !isLeaving(r))
    .toSorted((a, b) => rankOf(a, input) - rankOf(b, input) || startOf(b) - startOf(a) || a.replica - b.replica)
    .slice(0, deployment.replicas)
    .map((r) => r.replica);
  const taken = new Set(own.map((r) => r.replica));
  for (let replica = 0; kept.length < deployment.replicas; replica += 1) if (!taken.has(replica)) kept.push(replica);
  return kept.toSorted((a, b) => a - b);
}

function rankOf(record: InstanceRecord, { looks, now, observed }: ChoiceInput): number {
  const isUp = observed.some((o) => o.runtimeId === record.runtimeId && o.state !== "exited");
  if (record.state === "ready" && isUp) {
    const look = looks.get(record.runtimeId ?? "");
    return look?.isWell === false || isLooping(record, now) ? 1 : 0;
  }
  return record.state === "starting" ? 2 : 3;
}

function startOf(record: InstanceRecord): number {
  return record.startedAt ?? 0;
}
