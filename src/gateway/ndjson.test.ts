/** Lines of JSON over a socket, however the bytes are cut. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { readLines, writeLine } from "./ndjson.ts";

async function pair(t: TestContext): Promise<[Socket, Socket]> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [accepted] = (await once(server, "connection")) as [Socket];
  for (const socket of [client, accepted]) socket.on("error", () => {});
  t.after(() => {
    client.destroy();
    server.close();
  });
  return [client, accepted];
}

describe("ndjson", () => {
  it("reads values whole and in order, cut anywhere", async (t) => {
    const [client, accepted] = await pair(t);
    const got: unknown[] = [];
    const done = new Promise<void>((resolve) =>
      readLines(accepted, (value) => {
        got.push(value);
        if (value === "end") resolve();
      }),
    );
    client.setNoDelay();
    const bytes = Buffer.from('{"a":"ä"}\n[1]\n');
    for (const byte of bytes) {
      client.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    writeLine(client, "x".repeat(300_000));
    writeLine(client, "end");
    await done;
    assert.deepEqual(got, [{ a: "ä" }, [1], "x".repeat(300_000), "end"]);
  });

  it("cuts off a line that is longer than allowed", async (t) => {
    const [client, accepted] = await pair(t);
    readLines(accepted, () => assert.fail("no line was ended"), 1_000);
    client.write("x".repeat(2_000));
    await assert.rejects(once(accepted, "close"), /too long/);
  });
});
