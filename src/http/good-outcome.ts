/** What a call that waited for a deployment says when that did not end well. */

import type { Deployment } from "../domain/deployment.ts";
import { AppError } from "../domain/errors.ts";

/** It serves (or did until a newer one took its place), or it was to be built only and is. @throws AppError `build_failed`, `deploy_failed`, `cancelled` */
export function requireGoodOutcome(outcome: Deployment): void {
  if (outcome.status === "healthy" || outcome.status === "superseded" || outcome.status === "built") return;
  const code = outcome.status === "cancelled" ? "cancelled" : outcome.image === null ? "build_failed" : "deploy_failed";
  throw new AppError(
    code,
    outcome.failureReason ?? `The deployment was ${outcome.status}.`,
    outcome.logTail === null ? {} : { logTail: outcome.logTail },
  );
}
