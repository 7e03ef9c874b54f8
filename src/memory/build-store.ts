/** Builds in memory. */

import type { Build, BuildStore } from "../domain/build.ts";
import type { MemoryAccess } from "./memory-tables.ts";
import { MemoryServiceRecords } from "./service-records.ts";

export class MemoryBuildStore extends MemoryServiceRecords<Build> implements BuildStore {
  constructor(access: MemoryAccess) {
    super(access, "build", ({ builds }) => builds);
  }
}
