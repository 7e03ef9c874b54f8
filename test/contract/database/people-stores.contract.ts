/** What the stores of users, sessions, API keys and the audit log promise. */

import assert from "node:assert/strict";
import { sampleApiKey, sampleAudit, sampleChange, sampleProject, sampleSession, sampleUser } from "./sample-records.ts";
import { databaseTest, type OpenDatabase, rejectsWith } from "./test-database.ts";

export function peopleStoresContract(open: OpenDatabase): void {
  usersContract(open);
  sessionsContract(open);
  apiKeysContract(open);
  auditContract(open);
}

function usersContract(open: OpenDatabase): void {
  databaseTest(open, "a user reads back as created and updated, by id and by e-mail", async ({ users }) => {
    const user = sampleUser("u", { role: "admin" });
    await users.create(user);
    assert.deepEqual(await users.get("u"), user);
    assert.deepEqual(await users.find("u"), user);
    assert.deepEqual(await users.findByEmail("u@example.com"), user);
    const patch = { email: "new@example.com", role: "member", passwordHash: "h", updatedAt: 2_000 } as const;
    assert.deepEqual(await users.update("u", patch), { ...user, ...patch });
    assert.deepEqual(await users.update("u", {}), { ...user, ...patch });
    assert.deepEqual(await users.get("u"), { ...user, ...patch });
    assert.equal(await users.findByEmail("u@example.com"), undefined);
  });

  databaseTest(open, "an unknown user is not_found for get and update, undefined for find", async ({ users }) => {
    await rejectsWith("not_found", users.get("nope"));
    await rejectsWith("not_found", users.update("nope", { name: "x" }));
    await rejectsWith("not_found", users.update("nope", {}));
    assert.equal(await users.find("nope"), undefined);
    assert.equal(await users.findByEmail("nope"), undefined);
  });

  databaseTest(open, "two users never have the same e-mail", async ({ users }) => {
    await users.create(sampleUser("a"));
    await users.create(sampleUser("b"));
    await rejectsWith("conflict", users.create(sampleUser("c", { email: "a@example.com" })), "email");
    await rejectsWith("conflict", users.update("b", { email: "a@example.com" }), "email");
    await rejectsWith("conflict", users.create(sampleUser("a", { email: "other@example.com" })), "id");
    await users.update("a", { email: "a@example.com" });
    assert.equal(await users.count(), 2);
  });

  databaseTest(open, "users are listed newest first, by parts of name and e-mail, in slices", async ({ users }) => {
    await users.create(sampleUser("b", { createdAt: 5, name: "Ädda" }));
    await users.create(sampleUser("a", { createdAt: 5, name: "ada" }));
    await users.create(sampleUser("c", { createdAt: 9, name: "Bob_x", email: "ada@example.org" }));
    const ids = async (filter?: Parameters<typeof users.list>[0]) =>
      (await users.list(filter)).map((user) => user.id).join("");
    assert.equal(await ids(), "cab");
    assert.equal(await ids({ name: "ADA" }), "a");
    assert.equal(await ids({ name: "äd" }), "b");
    assert.equal(await ids({ name: "_" }), "c");
    assert.equal(await ids({ email: "EXAMPLE.COM" }), "ab");
    assert.equal(await ids({ email: ".org", name: "ada" }), "");
    assert.equal(await ids({ offset: 1, limit: 1 }), "a");
    assert.equal(await users.count({ email: "example.com" }), 2);
    assert.equal(await users.count({ email: "example.com", name: "ada" }), 1);
  });

  databaseTest(
    open,
    "a user goes with sessions and API keys; what it staged stays, without author",
    async (database) => {
      await database.projects.create(sampleProject("p"));
      for (const id of ["u", "v"]) {
        await database.users.create(sampleUser(id));
        await database.sessions.create(sampleSession(id, id));
        await database.apiKeys.create(sampleApiKey(id, id));
        await database.audit.add(sampleAudit(id, { userId: id }));
        await database.pendingChanges.create(sampleChange(id, "p", { userId: id, seq: id === "u" ? 1 : 2 }));
      }
      await database.users.remove("u");
      await database.users.remove("u");
      assert.equal(await database.users.find("u"), undefined);
      assert.equal(await database.sessions.findByAccessHash("access-u"), undefined);
      assert.equal(await database.apiKeys.find("u"), undefined);
      assert.deepEqual(await database.sessions.findByAccessHash("access-v"), sampleSession("v", "v"));
      assert.deepEqual(await database.apiKeys.list("v"), [sampleApiKey("v", "v")]);
      assert.deepEqual(
        (await database.pendingChanges.list("p")).map((change) => [change.id, change.userId]),
        [
          ["u", null],
          ["v", "v"],
        ],
      );
      assert.equal(await database.audit.count({ userId: "u" }), 1);
    },
  );
}

function sessionsContract(open: OpenDatabase): void {
  databaseTest(open, "a session is found by its present access token and by its family", async (database) => {
    const { sessions } = database;
    await database.users.create(sampleUser("u"));
    const session = sampleSession("s", "u");
    await sessions.create(session);
    assert.deepEqual(await sessions.findByAccessHash("access-s"), session);
    assert.deepEqual(await sessions.findByFamilyHash("family-s"), session);
    const patch = { accessHash: "new", refreshHash: "new too", expiresAt: 9_000, refreshExpiresAt: 99_000 };
    assert.deepEqual(await sessions.update("s", patch), { ...session, ...patch });
    assert.equal(await sessions.findByAccessHash("access-s"), undefined);
    assert.deepEqual(await sessions.findByFamilyHash("family-s"), { ...session, ...patch });
    await rejectsWith("not_found", sessions.update("nope", patch));
  });

  databaseTest(open, "a session needs its user, and hashes of its own", async (database) => {
    const { sessions } = database;
    await rejectsWith("not_found", sessions.create(sampleSession("s", "nobody")));
    await database.users.create(sampleUser("u"));
    await sessions.create(sampleSession("s", "u"));
    await rejectsWith("conflict", sessions.create(sampleSession("t", "u", { accessHash: "access-s" })), "accessHash");
    await rejectsWith("conflict", sessions.create(sampleSession("t", "u", { familyHash: "family-s" })), "familyHash");
    await rejectsWith("conflict", sessions.create(sampleSession("s", "u", { accessHash: "x", familyHash: "y" })), "id");
  });

  databaseTest(open, "sessions go one by one, a user's together, and when they expired", async (database) => {
    const { sessions } = database;
    for (const id of ["u", "v"]) await database.users.create(sampleUser(id));
    for (const [id, user, refreshExpiresAt] of [
      ["a", "u", 10],
      ["b", "u", 20],
      ["c", "v", 19],
      ["d", "v", 30],
      ["e", "v", 40],
    ] as const) {
      await sessions.create(sampleSession(id, user, { refreshExpiresAt }));
    }
    const left = async () => {
      const all = await Promise.all([..."abcde"].map((id) => sessions.findByFamilyHash(`family-${id}`)));
      return all.map((session) => session?.id ?? "-").join("");
    };
    assert.equal(await sessions.removeExpired(20), 2);
    assert.equal(await left(), "-b-de");
    assert.equal(await sessions.removeExpired(20), 0);
    await sessions.remove("d");
    await sessions.remove("d");
    assert.equal(await left(), "-b--e");
    await sessions.removeAllOf("v");
    await sessions.removeAllOf("nobody");
    assert.equal(await left(), "-b---");
    await sessions.create(sampleSession("c", "u"));
    await sessions.removeAllOf("u", "c");
    assert.equal(await left(), "--c--", "but the one that is named");
  });
}

function apiKeysContract(open: OpenDatabase): void {
  databaseTest(open, "an API key is found by id and hash, and remembers when it was used", async (database) => {
    const { apiKeys } = database;
    await database.users.create(sampleUser("u"));
    const key = sampleApiKey("k", "u", { expiresAt: 5_000 });
    await apiKeys.create(key);
    assert.deepEqual(await apiKeys.find("k"), key);
    assert.deepEqual(await apiKeys.findByHash("token-k"), key);
    await apiKeys.touch("k", 4_000);
    await apiKeys.touch("gone", 4_000);
    assert.deepEqual(await apiKeys.find("k"), { ...key, lastUsedAt: 4_000 });
    await apiKeys.remove("k");
    await apiKeys.remove("k");
    assert.equal(await apiKeys.find("k"), undefined);
    assert.equal(await apiKeys.findByHash("token-k"), undefined);
  });

  databaseTest(open, "a user's API keys are listed newest first, and each has a token of its own", async (database) => {
    const { apiKeys } = database;
    await rejectsWith("not_found", apiKeys.create(sampleApiKey("k", "nobody")));
    for (const id of ["u", "v"]) await database.users.create(sampleUser(id));
    await apiKeys.create(sampleApiKey("b", "u", { createdAt: 5 }));
    await apiKeys.create(sampleApiKey("a", "u", { createdAt: 5 }));
    await apiKeys.create(sampleApiKey("c", "u", { createdAt: 9 }));
    await apiKeys.create(sampleApiKey("d", "v"));
    assert.deepEqual(
      (await apiKeys.list("u")).map((key) => key.id),
      ["c", "a", "b"],
    );
    await rejectsWith("conflict", apiKeys.create(sampleApiKey("e", "v", { tokenHash: "token-a" })), "tokenHash");
    await rejectsWith("conflict", apiKeys.create(sampleApiKey("a", "v", { tokenHash: "x" })), "id");
  });
}

function auditContract(open: OpenDatabase): void {
  databaseTest(open, "the audit log is listed newest first, filtered, counted and in slices", async ({ audit }) => {
    const passkey = { actorKind: "passkey", userId: null, actorName: "passkey" } as const;
    const records = [
      sampleAudit("b", { at: 5, target: "/api/projects/100%25" }),
      sampleAudit("a", { at: 5, ...passkey }),
      sampleAudit("c", { at: 9, action: "DELETE /api/projects/:p", target: "/api/projects/Old" }),
    ];
    for (const record of records) await audit.add(record);
    const ids = async (filter?: Parameters<typeof audit.list>[0]) => {
      const found = (await audit.list(filter)).map((record) => record.id).join("");
      if (filter?.offset === undefined) assert.equal(await audit.count(filter), found.length);
      return found;
    };
    assert.deepEqual(await audit.list({ limit: 1 }), [records[2]]);
    assert.equal(await ids(), "cab");
    assert.equal(await ids({ userId: "u" }), "cb");
    assert.equal(await ids({ search: "delete" }), "c");
    assert.equal(await ids({ search: "old" }), "c");
    assert.equal(await ids({ search: "0%2" }), "b");
    assert.equal(await ids({ search: "_" }), "");
    assert.equal(await ids({ since: 6 }), "c");
    assert.equal(await ids({ since: 5, search: "deploy", userId: "u" }), "b");
    assert.equal(await ids({ offset: 1, limit: 1 }), "a");
  });

  databaseTest(open, "the audit log keeps its newest records when it is cut", async ({ audit }) => {
    for (const [id, at] of Object.entries({ b: 5, a: 5, c: 9, d: 1 })) await audit.add(sampleAudit(id, { at }));
    const left = async () => (await audit.list()).map((record) => record.id).join("");
    await audit.keepNewest(9);
    assert.equal(await left(), "cabd");
    await audit.keepNewest(2);
    assert.equal(await left(), "ca");
    await audit.keepNewest(0);
    assert.equal(await left(), "");
  });
}
