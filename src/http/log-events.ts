/** Log lines as they stand on the wire, the same for functions and services (DeployKit's logs, with instance and time). */

import { z } from "zod";
import type { InstanceRecord } from "../domain/instance.ts";
import type { ServiceLogItem } from "../domain/operations.ts";

/** Most lines of past output. */
const MAX_TAIL = 5000;
const DEFAULT_TAIL = 500;

/** More than there can be counts as the most there can be. */
export const tailQuery = z.coerce
  .number()
  .int()
  .min(0)
  .default(DEFAULT_TAIL)
  .transform((tail) => Math.min(tail, MAX_TAIL))
  .describe(`Lines of past output, at most ${MAX_TAIL}`);

/** Characters of the engine's id that are shown. */
const ID_LENGTH = 12;

/** @param nameOf the name of an instance's container */
export async function* logEvents(
  items: AsyncIterable<ServiceLogItem>,
  nameOf: (record: InstanceRecord) => string,
): AsyncGenerator<object> {
  const names = new Map<InstanceRecord, { readonly container_id: string; readonly instance: string }>();
  for await (const item of items) {
    const { record } = item;
    const known = names.get(record) ?? {
      container_id: (record.runtimeId ?? "").slice(0, ID_LENGTH),
      instance: nameOf(record),
    };
    names.set(record, known);
    if (item.kind === "exited") yield { ...known, event: "container_exited" };
    else yield { ...known, stream: item.stream, line: item.line, at: new Date(item.at).toISOString() };
  }
}
