import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { AppError, ERROR_CODES, isAppError } from "../src/domain/errors.ts";
import { STATUS } from "../src/http/error-answer.ts";

test("every error code has a page, every page a code, and the page names the status", async () => {
  const pages = (await readdir("docs/errors")).map((file) => file.replace(/\.md$/, ""));
  assert.deepEqual(pages.toSorted(), [...ERROR_CODES].toSorted());
  for (const code of ERROR_CODES) {
    const text = await readFile(`docs/errors/${code}.md`, "utf8");
    assert.ok(text.startsWith(`# \`${code}\` (${STATUS[code]})`), `${code}.md starts with code and status`);
  }
});

test("an AppError keeps its cause for the log and its code for the program", () => {
  const cause = new Error("inner");
  const error = new AppError("conflict", "taken", { cause });
  assert.equal(error.cause, cause);
  assert.equal(isAppError(error, "conflict"), true);
  assert.equal(isAppError(error, "invalid"), false);
  assert.equal(isAppError(cause), false);
});
