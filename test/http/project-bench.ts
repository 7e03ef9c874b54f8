/** An API bench asked through the typed client, as a member: what comes back must be what the contract says. */

import assert from "node:assert/strict";
import type { InjectOptions } from "fastify";
import { z } from "zod";
import { type ApiClient, apiClient } from "../../src/api/client.ts";
import { type Call, CONTRACT } from "../../src/api/contract.ts";
import type { Endpoint } from "../../src/api/endpoint.ts";
import { errorSchema } from "../../src/http/schemas.ts";
import { type Bench, type BenchOptions, openBench } from "./api-bench.ts";

export type ErrorAnswer = z.output<typeof errorSchema>;

export type ProjectBench = Omit<Bench, "close"> &
  ApiClient & {
    send(question: InjectOptions & { readonly url: string }): ReturnType<typeof inject>;
    /** The error that comes; its status and code must be these. */
    fails(method: string, url: string, body: unknown, status: number, code: string): Promise<ErrorAnswer>;
    close(): Promise<void>;
  };

/** What the engine has; anything else is out of its reach. */
const IMAGES = ["nginx:1", "nginx:2", "nginx:1.27", "nginx:1.28", "nginx", "a", "a:1", "a:2", "b:1", "node:24"];

function inject(bench: Bench, token: string, question: InjectOptions) {
  return bench.app.inject({ ...question, headers: { authorization: `Bearer ${token}`, ...question.headers } });
}

export async function openApiBench(options: BenchOptions = {}): Promise<ProjectBench> {
  const bench = await openBench(options);
  const token = await bench.memberToken();
  for (const image of IMAGES) bench.driver.addImage(image);
  const send: ProjectBench["send"] = (question) => inject(bench, token, question);
  const client = apiClient(async ({ method, path, query, body }) => {
    const asked = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) asked.set(name, String(value));
    const answer = await send({
      method: method as "GET",
      url: `${path}?${asked}`,
      ...(body !== undefined && { payload: body as object }),
    });
    assert.ok(answer.statusCode < 300, `${method} ${path}: ${answer.statusCode} ${answer.body}`);
    return answer.body === "" ? { status: answer.statusCode } : { status: answer.statusCode, body: answer.json() };
  });
  return {
    ...bench,
    send,
    ask: async (call, wish) => (await checked(call, client.ask(call, wish))) as never,
    all: async () => assert.fail("see client.test.ts"),
    async fails(method, url, body, status, code) {
      const payload = body === undefined ? {} : { payload: body as object };
      const answer = await send({ method: method as "GET", url, ...payload });
      const what = `${method} ${url} ${JSON.stringify(body)}: ${answer.statusCode} ${answer.body}`;
      assert.equal(answer.statusCode, status, what);
      const error = errorSchema.parse(answer.json());
      assert.equal(error.error, code, what);
      return error;
    },
  };
}

/** Holds an answer against its schema and its status. */
async function checked(call: Call, asked: Promise<unknown>): Promise<unknown> {
  const { status, body } = (await asked) as { readonly status: number; readonly body?: unknown };
  const { answers }: Endpoint = CONTRACT[call];
  const schema = answers[status];
  assert.ok(schema !== undefined, `${call} answered ${status}`);
  if (schema === null) {
    assert.equal(body, undefined);
    return undefined;
  }
  return z.parse(schema, body);
}
