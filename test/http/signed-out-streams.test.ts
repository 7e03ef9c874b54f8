import assert from "node:assert/strict";
import { test } from "node:test";
import type { Actor } from "../../src/domain/actor.ts";
import { AppError } from "../../src/domain/errors.ts";
import { addRoute, createApp } from "../../src/http/app.ts";
import { mayStillAsk } from "../../src/http/authorize.ts";
import { endStreams, sendText, untilClosed } from "../../src/http/log-stream.ts";
import { sampleUser } from "../contract/database/sample-records.ts";
import { bareAppOptions } from "./bare-app.ts";

const LOOK_MS = 10;
const user = sampleUser("u");

/** Says a line every few looks until it is told to end. */
async function* lines(signal: AbortSignal): AsyncGenerator<string> {
  while (!signal.aborted) {
    yield "line\n";
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

test("what somebody follows ends when the session or the API key does, not with the access token", async () => {
  let [isSessionThere, isKeyThere, isTokenGood, isStoreThere] = [true, true, true, true];
  const actors: Readonly<Record<string, Actor>> = {
    slw_session: { kind: "session", role: "member", user, sessionId: "s" },
    slw_key: { kind: "api_key", role: "member", user },
  };
  const credentials = {
    admits: async () => false,
    identify: async (token: string) => ((token === "slw_key" ? isKeyThere : isTokenGood) ? actors[token] : undefined),
    findSession: async () => {
      if (!isStoreThere) throw new AppError("unavailable", "The database is closed.");
      return isSessionThere ? actors.slw_session : undefined;
    },
  };
  const app = await createApp({ ...bareAppOptions(), credentials }, (made) => {
    endStreams(made, (request) => mayStillAsk(request, credentials), LOOK_MS);
    addRoute(made, {
      method: "GET",
      url: "/follow",
      permission: "member",
      schema: {},
      handler: (request, reply) => sendText(request, reply, lines(untilClosed(request, reply)), { follow: true }),
    });
  });
  const url = `${await app.listen({ port: 0, host: "127.0.0.1" })}/follow`;
  const follow = async (token: string) => {
    const { body } = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    assert.ok(body !== null);
    return body.getReader();
  };
  const reads = async (reader: ReadableStreamDefaultReader, times: number) => {
    for (let i = 0; i < times; i += 1) assert.equal((await reader.read()).done, false);
  };
  const ends = async (reader: ReadableStreamDefaultReader) => {
    while (!(await reader.read()).done);
  };
  const [session, key] = [await follow("slw_session"), await follow("slw_key")];
  isTokenGood = false;
  isStoreThere = false;
  await Promise.all([reads(session, 8), reads(key, 8)]);
  isStoreThere = true;
  isKeyThere = false;
  await ends(key);
  await reads(session, 8);
  isSessionThere = false;
  await ends(session);
  await app.close();
});
