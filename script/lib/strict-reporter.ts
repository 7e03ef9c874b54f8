/**
 * A test reporter that fails the run when a test was skipped, a file held no test, or none ran: in CI each of them means
 * that something was not shown.
 */

import { basename } from "node:path";
import type { TestEvent } from "node:test/reporters";

// biome-ignore lint/style/noDefaultExport: the test runner loads reporters by their default export
export default async function* strictReporter(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let ran = 0;
  const complaints: string[] = [];
  for await (const event of events) {
    if (event.type !== "test:pass" && event.type !== "test:fail") continue;
    const { name, file, skip, todo, details } = event.data;
    if (details.type === "suite") continue;
    // The runner counts a file without tests as a test that has the file's name.
    if (event.type === "test:pass" && file !== undefined && name.endsWith(basename(file))) {
      complaints.push(`no test in ${name}`);
      continue;
    }
    ran += 1;
    if (skip !== undefined || todo !== undefined) complaints.push(`skipped, which is a failure here: ${name}`);
  }
  if (ran === 0) complaints.push("no test ran");
  for (const complaint of complaints) yield `${complaint}\n`;
  if (complaints.length > 0) process.exitCode = 1;
}
