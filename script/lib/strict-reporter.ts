/** A test reporter that fails the run when a test was skipped or none ran: in CI both mean that nothing was shown. */

import type { TestEvent } from "node:test/reporters";

// biome-ignore lint/style/noDefaultExport: the test runner loads reporters by their default export
export default async function* strictReporter(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let ran = 0;
  const skipped: string[] = [];
  for await (const event of events) {
    if (event.type !== "test:pass" && event.type !== "test:fail") continue;
    if (event.data.details.type === "suite") continue;
    ran += 1;
    if (event.data.skip !== undefined || event.data.todo !== undefined) skipped.push(event.data.name);
  }
  if (ran === 0) yield "no test ran\n";
  for (const name of skipped) yield `skipped, which is a failure here: ${name}\n`;
  if (ran === 0 || skipped.length > 0) process.exitCode = 1;
}
