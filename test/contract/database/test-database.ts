/** What the parts of the database's contract share. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type ErrorCode, isAppError } from "../../../src/domain/errors.ts";
import type { Service } from "../../../src/domain/service.ts";
import type { Database } from "../../../src/domain/stores.ts";
import { sampleProject, sampleService } from "./sample-records.ts";

/** Opens an empty database; `close` closes it and leaves nothing behind. */
export type OpenDatabase = () => Promise<{ readonly database: Database; close(): Promise<void> }>;

/** A test with an empty database of its own. */
export function databaseTest(open: OpenDatabase, promise: string, body: (database: Database) => Promise<void>): void {
  test(promise, async () => {
    const { database, close } = await open();
    try {
      await body(database);
    } finally {
      await close();
    }
  });
}

/** Project `p` with a service `s` in it. */
export async function seed(database: Database): Promise<Service> {
  const service = sampleService("s", "p");
  await database.projects.create(sampleProject("p"));
  await database.services.create(service);
  return service;
}

/** Waits for the rejection; `field`: the only field the error names. */
export async function rejectsWith(code: ErrorCode, attempt: Promise<unknown>, field?: string): Promise<void> {
  await assert.rejects(attempt, (error) => {
    assert.ok(isAppError(error, code), `not ${code}: ${String(error)}`);
    if (field !== undefined) assert.deepEqual(Object.keys(error.fields ?? {}), [field]);
    return true;
  });
}
