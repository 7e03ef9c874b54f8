/** Takes up a staged restore and dies by SIGKILL before the step of that number. Arguments: the places as JSON, the number. */

import { applyPendingRestore } from "../../src/backup/pending-restore.ts";

let left = Number(process.argv[3]);
await applyPendingRestore(JSON.parse(process.argv[2] ?? ""), () => {
  if (left === 0) process.kill(process.pid, "SIGKILL");
  left -= 1;
});
