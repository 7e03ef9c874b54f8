/** A deployment's test: what an instance is asked, and whether its answer is right. Pure; asking is done elsewhere. */

import type { DeployTest } from "./deployment.ts";
import type { RuntimeProtocol } from "./runtime.ts";

/** Content type of a message to a message function (design 7). */
export const MESSAGE_TYPE = "application/vnd.slipway.message+json";
/** Longest time a test may take, in milliseconds; a deployment with a shorter `timeoutMs` has that. */
export const TEST_LIMIT_MS = 30_000;
/** Most characters of an expected or given value in a reason. */
const SHOWN_LENGTH = 200;

export type TestRequest = {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for GET. */
  readonly body: string;
};

export type TestAnswer = { readonly status: number; readonly body: string };

/** What to ask the instance. */
export function testRequest(test: DeployTest, protocol: RuntimeProtocol): TestRequest {
  if (test.kind === "http") return { method: "GET", path: test.path, headers: {}, body: "" };
  const isMessage = protocol === "message";
  return {
    method: "POST",
    path: "/",
    headers: { "content-type": isMessage ? MESSAGE_TYPE : "application/json" },
    body: JSON.stringify(isMessage ? { context: {}, payload: test.input ?? null } : (test.input ?? null)),
  };
}

/** Null when the answer is right, else why not: what was expected and what came, for people. */
export function judgeTest(test: DeployTest, protocol: RuntimeProtocol, answer: TestAnswer): string | null {
  if (test.kind === "message") return judgeOutput(test.output, protocol, answer);
  const what = `its test GET ${shown(test.path)}`;
  if (answer.status !== test.status)
    return `${what} expected status ${test.status}, got ${answer.status}${bodyOf(answer)}`;
  if (test.body === null || trimmed(answer.body) === trimmed(test.body)) return null;
  return `${what} expected the body ${quoted(test.body)}, got ${quoted(answer.body)}`;
}

/** The same for an instance that did not answer. `why`: what the network said. */
export function unansweredTest(test: DeployTest, why: string): string {
  return test.kind === "http"
    ? `its test GET ${shown(test.path)} expected status ${test.status}, got no answer: ${why}`
    : `its test expected the output ${json(test.output)}, got no answer: ${why}`;
}

function judgeOutput(expected: unknown, protocol: RuntimeProtocol, answer: TestAnswer): string | null {
  const what = `its test expected the output ${json(expected)}`;
  if (answer.status < 200 || answer.status > 299) return `${what}, got status ${answer.status}${bodyOf(answer)}`;
  const parsed = parse(answer.body);
  if (parsed === undefined) return `${what}, got no JSON: ${quoted(answer.body)}`;
  if (protocol === "http") return isEqual(parsed.value, expected) ? null : `${what}, got ${json(parsed.value)}`;
  const error = errorOf(parsed.value);
  if (error !== undefined) return `${what}, got the error ${error}`;
  const payload = isObject(parsed.value) ? parsed.value.payload : undefined;
  return isEqual(payload, expected) ? null : `${what}, got ${json(payload)}`;
}

/** The error a message function put into its answer's context. */
function errorOf(message: unknown): string | undefined {
  const context = isObject(message) ? message.context : undefined;
  const error = isObject(context) ? context.error : undefined;
  if (error === undefined || error === null) return undefined;
  return isObject(error) && typeof error.message === "string" ? quoted(error.message) : json(error);
}

/** Equal as JSON: the order of keys is nothing, nothing and null are one. */
function isEqual(a: unknown, b: unknown): boolean {
  if (a === b || (a ?? null) === (b ?? null)) return true;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, i) => isEqual(item, b[i]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key]));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Files end with a newline that nobody means. */
function trimmed(text: string): string {
  return text.replace(/\r?\n$/, "");
}

function bodyOf({ body }: TestAnswer): string {
  return body.trim() === "" ? "" : `: ${quoted(body)}`;
}

function quoted(text: string): string {
  return shown(JSON.stringify(text));
}

function json(value: unknown): string {
  return shown(JSON.stringify(value ?? null));
}

function shown(text: string): string {
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}
