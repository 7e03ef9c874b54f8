import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { databaseContract } from "../../test/contract/database.contract.ts";
import { SqliteDatabase } from "./sqlite-database.ts";

databaseContract("sqlite", async () => {
  const directory = await mkdtemp(join(tmpdir(), "slipway-store-"));
  const database = await SqliteDatabase.open(join(directory, "slipway.db"));
  const close = async () => {
    await database.close();
    await rm(directory, { recursive: true });
  };
  return { database, close };
});
