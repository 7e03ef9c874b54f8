/** Who may use the server: accounts, the audit log, and the clean-up of sessions. */

import { LoginLimiter } from "../auth/login-limiter.ts";
import { Passwords } from "../auth/passwords.ts";
import { SessionCleaner } from "../auth/session-cleaner.ts";
import { StoredAccounts } from "../auth/stored-accounts.ts";
import { StoredAuditLog } from "../auth/stored-audit-log.ts";
import type { Accounts } from "../domain/accounts.ts";
import type { AuditLog } from "../domain/audit.ts";
import type { Clock } from "../domain/clock.ts";
import type { EventBus } from "../domain/events.ts";
import type { Logger } from "../domain/logger.ts";
import type { Database } from "../domain/stores.ts";

export type PeopleOptions = {
  readonly database: Database;
  readonly events: Pick<EventBus, "publish">;
  readonly clock: Clock;
  /** Milliseconds of a clock that is never set; the limiter counts by it. */
  readonly monotonic?: () => number;
  readonly logger: Logger;
  readonly passwords?: Passwords;
};

export type People = {
  readonly accounts: Accounts;
  readonly auditLog: AuditLog;
  readonly sessionCleaner: SessionCleaner;
};

/** The parts wired; the cleaner is not started. */
export function createPeople(options: PeopleOptions): People {
  const { database, clock, logger, monotonic = () => performance.now(), passwords = new Passwords() } = options;
  return {
    accounts: new StoredAccounts({ ...options, passwords, limiter: new LoginLimiter(monotonic) }),
    auditLog: new StoredAuditLog(database.audit, clock),
    sessionCleaner: new SessionCleaner(database.sessions, clock, logger),
  };
}
