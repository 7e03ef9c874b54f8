/**
 * One server, one token, JSON in and out. Everything that goes wrong becomes an AppError here: the server's own errors
 * are rebuilt with their code, and what the network says is put in words with what to do about it.
 */

import { AppError } from "../domain/errors.ts";
import { parseRemoteError, RemoteError } from "./remote-error.ts";

/** Longest wait for an answer that is no stream, in milliseconds. */
export const ANSWER_LIMIT_MS = 60_000;

export type Call = {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: ReadableStream<Uint8Array>;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** Longest wait, in milliseconds, the reading of the body included; null: until the server or `signal` ends it. */
  readonly limitMs?: number | null;
};

export class HttpClient {
  readonly url: string;
  readonly #token: string | undefined;
  readonly #onVersion: (version: string) => void;

  /** `url`: origin of the server, no slash at its end. `onVersion` gets the server's version with each answer that says it. */
  constructor(url: string, token: string | undefined, onVersion: (version: string) => void = () => undefined) {
    this.url = url;
    this.#token = token;
    this.#onVersion = onVersion;
  }

  /** The JSON of a 2xx answer, undefined of one without content. @throws AppError of whatever the server or the network said */
  async json<T>(path: string, call: Call = {}): Promise<T> {
    const response = await this.send(path, call);
    const text = await this.#guard(() => response.text(), call.signal);
    if (response.status === 204) return undefined as T;
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      throw this.#notSlipway(response.status, error);
    }
  }

  /** Pieces of a text answer as they come, an empty one as soon as it is there. @throws AppError also in the middle, when the connection breaks */
  async *text(path: string, call: Call = {}): AsyncIterable<string> {
    const response = await this.send(path, { limitMs: null, ...call });
    if (response.body === null) return;
    yield "";
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    try {
      for (;;) {
        const { done, value } = await this.#guard(() => reader.read(), call.signal);
        if (done) return;
        yield value;
      }
    } finally {
      // A reader that stops early closes the connection; that it may be broken already is no news.
      await reader.cancel().catch(() => undefined);
    }
  }

  /** The bytes of an answer as they come. @throws AppError also in the middle, when the connection breaks */
  async *bytes(path: string, call: Call = {}): AsyncIterable<Uint8Array> {
    const response = await this.send(path, { limitMs: null, ...call });
    if (response.body === null) return;
    const reader = response.body.getReader();
    try {
      for (;;) {
        const { done, value } = await this.#guard(() => reader.read(), call.signal);
        if (done) return;
        yield value;
      }
    } finally {
      // A reader that stops early closes the connection; that it may be broken already is no news.
      await reader.cancel().catch(() => undefined);
    }
  }

  /** A 2xx answer, its body unread. @throws AppError */
  async send(path: string, call: Call): Promise<Response> {
    const response = await this.#guard(() => fetch(this.#address(path, call), this.#request(call)), call.signal);
    const version = response.headers.get("x-slipway-version");
    if (version !== null) this.#onVersion(version);
    if (response.ok) return response;
    const location = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && location !== null) throw this.#moved(location);
    const error = parseRemoteError(await this.#guard(() => response.text(), call.signal));
    if (error === undefined) throw this.#notSlipway(response.status);
    throw error.code === "unauthorized" ? this.#withLoginRemedy(error) : error;
  }

  #address(path: string, call: Call): string {
    const address = new URL(`${this.url}${path}`);
    for (const [key, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) address.searchParams.set(key, String(value));
    }
    return address.href;
  }

  #request(call: Call): RequestInit {
    const limitMs = call.limitMs === undefined ? ANSWER_LIMIT_MS : call.limitMs;
    const signals = [call.signal, limitMs === null ? undefined : AbortSignal.timeout(limitMs)];
    const type = call.json === undefined ? call.contentType : "application/json";
    return {
      method: call.method ?? "GET",
      headers: {
        accept: "application/json, text/plain, text/event-stream",
        ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
        ...(type !== undefined && { "content-type": type }),
      },
      // A followed redirect would turn POST into GET; the person shall use the right address instead.
      redirect: "manual",
      signal: AbortSignal.any(signals.filter((signal) => signal !== undefined)),
      ...(call.json !== undefined && { body: JSON.stringify(call.json) }),
      ...(call.body !== undefined && { body: call.body, duplex: "half" }),
    };
  }

  async #guard<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      throw this.#networkError(error);
    }
  }

  #networkError(error: unknown): AppError {
    if (error instanceof DOMException && error.name === "TimeoutError") {
      return new AppError("timeout", `${this.url} did not answer in time.`, {
        cause: error,
        remedy: "Look at the server's log, or try again.",
      });
    }
    // fetch hides what happened in `cause`; an error thrown by an uploaded stream is there too.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    if (cause instanceof AppError) return cause;
    const words = cause instanceof Error ? cause.message || codeOf(cause) : String(cause);
    return new AppError("unavailable", `${this.url} can't be reached: ${words}.`, {
      cause: error,
      remedy: "Start the server with `slipway server`, or name another one: `slipway login URL`.",
    });
  }

  #notSlipway(status: number, cause?: unknown): AppError {
    return new AppError("bad_gateway", `${this.url} answered ${status}, but not as a Slipway server does.`, {
      cause,
      remedy: "Check the address: another program, or a proxy in front of Slipway, answers there.",
    });
  }

  #moved(location: string): AppError {
    const origin = URL.canParse(location, this.url) ? new URL(location, this.url).origin : location;
    return new AppError("bad_gateway", `${this.url} redirects to ${location}.`, {
      remedy: `Use that address: slipway login ${origin}`,
    });
  }

  #withLoginRemedy(error: RemoteError): RemoteError {
    const remedy = `Log in with the server's passkey: slipway login ${this.url}`;
    return new RemoteError(error.code, error.message, error.requestId, { cause: error, remedy });
  }
}

function codeOf(error: Error): string {
  return "code" in error ? String(error.code) : error.name;
}
