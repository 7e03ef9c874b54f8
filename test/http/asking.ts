/** Asks a bench as a client would: JSON questions with the passkey, forms of uploads, and errors held to their one shape. */

import assert from "node:assert/strict";
import type { InjectOptions } from "fastify";
import { errorSchema } from "../../src/http/schemas.ts";
import { type Bench, PASSKEY } from "./api-bench.ts";
import { type Form, formOf, type Part } from "./form.ts";

export type Question = InjectOptions & { readonly url: string };

export function askBench(bench: Bench, question: Question) {
  return bench.app.inject({ ...question, headers: { authorization: PASSKEY, ...question.headers } });
}

/** One JSON body of the shape, with that status and its code; nothing of the machine in it. */
export async function failsOn(bench: Bench, question: Question, status: number, code: string) {
  const answer = await askBench(bench, question);
  const what = `${question.method ?? "GET"} ${question.url}: ${answer.body}`;
  assert.equal(answer.statusCode, status, what);
  assert.match(String(answer.headers["content-type"]), /^application\/json/, what);
  const body = errorSchema.parse(answer.json());
  assert.equal(body.error, code, what);
  assert.equal(body.requestId, answer.headers["x-request-id"]);
  assert.doesNotMatch(answer.body, /\bat .*:\d+:\d+|\/tmp\/|ENOENT|sqlite/i, "nothing of the inside shows");
  return { body, answer };
}

/** lambdaathome's upload form. */
export function uploadOf(parts: readonly Part[], options?: { readonly boundary?: string }): Question {
  return { method: "POST", url: "/function/upload", ...formOf(parts, options) };
}

export type Method = "GET" | "POST" | "DELETE";

/** The same, by method and address. */
export function askBy(bench: Bench, method: Method, url: string, form?: Form) {
  return askBench(bench, { method, url, ...form });
}
