import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isAppError } from "../domain/errors.ts";
import { resolveOwner } from "./image-owner.ts";

const PASSWD = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n";
const GROUP = "root:x:0:\napp:x:1001:\nweb:x:33:app\n";

describe("resolveOwner", () => {
  it("reads a USER as the engine does", () => {
    const rows = [
      ["app", 1000, 1001],
      ["1000", 1000, 1001],
      ["app:web", 1000, 33],
      ["app:7", 1000, 7],
      ["4711", 4711, 0],
      ["4711:web", 4711, 33],
      ["app:", 1000, 1001],
      ["root", 0, 0],
    ] as const;
    for (const [user, uid, gid] of rows) assert.deepEqual(resolveOwner(user, PASSWD, GROUP), { uid, gid }, user);
  });

  it("a name the image does not know is deploy_failed", () => {
    for (const user of ["ghost", "app:ghosts"])
      assert.throws(
        () => resolveOwner(user, PASSWD, GROUP),
        (error) => isAppError(error, "deploy_failed"),
      );
  });
});
