/** The contract of `Database` and all its stores, run on every implementation. Its parts are in database/. */

import { describe } from "node:test";
import { canvasStoreContract } from "./database/canvas-store.contract.ts";
import { historyStoresContract } from "./database/history-stores.contract.ts";
import { instanceStoresContract } from "./database/instance-stores.contract.ts";
import { keyedStoresContract } from "./database/keyed-stores.contract.ts";
import { peopleStoresContract } from "./database/people-stores.contract.ts";
import { projectRecordsContract } from "./database/project-records.contract.ts";
import { projectStoreContract } from "./database/project-store.contract.ts";
import { serverStoresContract } from "./database/server-stores.contract.ts";
import { serviceStoreContract } from "./database/service-store.contract.ts";
import type { OpenDatabase } from "./database/test-database.ts";
import { transactionContract } from "./database/transaction.contract.ts";

/** @param open gives an empty database each time */
export function databaseContract(name: string, open: OpenDatabase): void {
  describe(`database contract: ${name}`, () => {
    projectStoreContract(open);
    serviceStoreContract(open);
    historyStoresContract(open);
    instanceStoresContract(open);
    serverStoresContract(open);
    keyedStoresContract(open);
    peopleStoresContract(open);
    projectRecordsContract(open);
    canvasStoreContract(open);
    transactionContract(open);
  });
}
