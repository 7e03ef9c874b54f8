/**
 * Runs the tests of deployments beside the queue, one at a time for each instance, and keeps how they ended until the
 * instance is gone. What follows from a verdict is decided by planReconcile.
 */

import type { Deployment } from "../domain/deployment.ts";
import type { InstanceRecord } from "../domain/instance.ts";
import type { RuntimeCatalog } from "../domain/runtime.ts";
import { runDeployTest, type TestTarget } from "./run-deploy-test.ts";

export type DeployTestsOptions = {
  /** Null: passed; else why not, for people. */
  readonly testInstance: (target: TestTarget, deployment: Deployment) => Promise<string | null>;
  /** A verdict is there. */
  readonly onVerdict: (serviceId: string) => void;
};

export class DeployTests {
  readonly #options: DeployTestsOptions;
  readonly #verdicts = new Map<string, string | null>();
  /** Runtime ids of instances whose test runs. */
  readonly #underWay = new Set<string>();

  constructor(options: DeployTestsOptions) {
    this.#options = options;
  }

  /** By runtime id; none while a test runs. It changes as tests end. */
  verdicts(): ReadonlyMap<string, string | null> {
    return this.#verdicts;
  }

  /** Begins it and answers at once. Idempotent while it runs. */
  begin({ runtimeId, address, port }: InstanceRecord, deployment: Deployment): void {
    if (runtimeId === null || this.#underWay.has(runtimeId)) return;
    this.#underWay.add(runtimeId);
    const { testInstance, onVerdict } = this.#options;
    const answered =
      port === null ? Promise.resolve(PORTLESS) : testInstance({ address, port }, deployment).catch(wordsOf);
    void answered.then((verdict) => {
      // Forgotten meanwhile: the instance is gone.
      if (!this.#underWay.delete(runtimeId)) return;
      this.#verdicts.set(runtimeId, verdict);
      onVerdict(deployment.serviceId);
    });
  }

  /** Idempotent. */
  forget(runtimeId: string): void {
    this.#underWay.delete(runtimeId);
    this.#verdicts.delete(runtimeId);
  }
}

/** Tests instances over the network, as their runtime's protocol wants it. @throws AppError `not_found` (runtime) */
export function instanceTester(runtimes: Pick<RuntimeCatalog, "get">): DeployTestsOptions["testInstance"] {
  return async (target, { test, runtime, timeoutMs }) => {
    if (test === null) return null;
    const protocol = runtime === null ? "http" : (await runtimes.get(runtime)).protocol;
    return runDeployTest(target, test, protocol, timeoutMs);
  };
}

const PORTLESS = "its test could not be run: it listens on no port";

function wordsOf(error: unknown): string {
  return `its test could not be run: ${error instanceof Error ? error.message : String(error)}`;
}
