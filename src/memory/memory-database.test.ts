import { databaseContract } from "../../test/contract/database.contract.ts";
import { MemoryDatabase } from "./memory-database.ts";

databaseContract("memory", async () => {
  const database = new MemoryDatabase();
  return { database, close: () => database.close() };
});
