/**
 * Headers on their way through: hop-by-hop ones are dropped, those that Slipway vouches for are set, all others pass as
 * they were sent, in order and case. Pure.
 */

import type { Peer } from "./peers.ts";

type Kind =
  /** Concerns one connection only. */
  | "hop"
  /** Set anew for what comes from a peer that is not trusted. */
  | "forwarded"
  | "forwarded_for"
  | "request_id"
  | "authorization"
  | "connection"
  | "te"
  /** Only the slow path can pass it on. */
  | "unusual";

const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ["connection", "connection"],
  ["keep-alive", "hop"],
  ["proxy-connection", "hop"],
  ["proxy-authenticate", "hop"],
  ["proxy-authorization", "hop"],
  ["transfer-encoding", "hop"],
  ["upgrade", "hop"],
  ["te", "te"],
  ["trailer", "unusual"],
  ["expect", "unusual"],
  ["forwarded", "forwarded"],
  ["x-forwarded-for", "forwarded_for"],
  ["x-forwarded-host", "forwarded"],
  ["x-forwarded-proto", "forwarded"],
  ["x-forwarded-port", "forwarded"],
  ["x-forwarded-prefix", "forwarded"],
  ["x-real-ip", "forwarded"],
  ["x-request-id", "request_id"],
  ["authorization", "authorization"],
]);

/** Framing and routing stay as they were checked, even when a Connection header names them. */
const NEVER_HOP = new Set(["host", "content-length", "close", "keep-alive", "upgrade", "te"]);

/** Value of the first header of that (lower-case) name. */
export function findHeader(raw: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const key = raw[i];
    if (key !== undefined && key.length === name.length && key.toLowerCase() === name) return raw[i + 1];
  }
  return undefined;
}

/** The client itself sent headers that speak of a proxy before it. */
export function sentForwarded(raw: readonly string[]): boolean {
  for (let i = 0; i < raw.length; i += 2) {
    const kind = KINDS.get((raw[i] ?? "").toLowerCase().replaceAll("_", "-"));
    if (kind === "forwarded" || kind === "forwarded_for") return true;
  }
  return false;
}

export type RequestHeaderContext = {
  readonly peer: Peer;
  readonly host: string;
  readonly requestId: string;
  /** What was stripped from the path, or "". */
  readonly prefix: string;
  /** Trailer and Expect pass. */
  readonly keepsUnusual: boolean;
  /** Tells Slipway's own credentials, which are dropped; undefined: Authorization always passes. */
  readonly isOurCredential: ((authorization: string) => boolean) | undefined;
};

/** Headers for the upstream: names and values in turn. Framing (`Transfer-Encoding`) is left to the sender. */
export function requestHeaders(raw: readonly string[], context: RequestHeaderContext): string[] {
  const draft: Draft = {
    out: [],
    forwardedFor: context.peer.address,
    hasHost: false,
    hasProto: false,
    options: undefined,
  };
  for (let i = 0; i + 1 < raw.length; i += 2) take(draft, raw[i] ?? "", raw[i + 1] ?? "", context);
  const kept = draft.options === undefined ? draft.out : without(draft.out, draft.options);
  kept.push("X-Forwarded-For", draft.forwardedFor);
  if (!draft.hasHost) kept.push("X-Forwarded-Host", context.host);
  if (!draft.hasProto) kept.push("X-Forwarded-Proto", "http");
  if (context.prefix !== "") kept.push("X-Forwarded-Prefix", context.prefix);
  kept.push("X-Request-Id", context.requestId);
  return kept;
}

type Draft = {
  readonly out: string[];
  forwardedFor: string;
  hasHost: boolean;
  hasProto: boolean;
  /** Header names that the client declares hop-by-hop. */
  options: Set<string> | undefined;
};

function take(draft: Draft, name: string, value: string, context: RequestHeaderContext): void {
  const lower = name.toLowerCase();
  switch (KINDS.get(lower)) {
    case undefined:
      if (!isDisguised(lower)) draft.out.push(name, value);
      break;
    case "connection":
      draft.options = connectionOptions(value, draft.options);
      break;
    case "forwarded_for":
      if (context.peer.isTrusted) draft.forwardedFor = `${value}, ${draft.forwardedFor}`;
      break;
    case "forwarded":
      if (!context.peer.isTrusted) break;
      draft.out.push(name, value);
      draft.hasHost ||= lower === "x-forwarded-host";
      draft.hasProto ||= lower === "x-forwarded-proto";
      break;
    case "authorization":
      if (context.isOurCredential?.(value) !== true) draft.out.push(name, value);
      break;
    case "te":
      if (/\btrailers\b/i.test(value)) draft.out.push(name, "trailers");
      break;
    case "unusual":
      if (context.keepsUnusual) draft.out.push(name, value);
      break;
    case "hop":
    case "request_id":
      break;
  }
}

export type ResponseHeaderContext = {
  /** No further request is taken on this connection. */
  readonly closes: boolean;
  /** It can carry trailers: chunked, to an HTTP/1.1 client. */
  readonly canTrail: boolean;
  /** A function's page on the platform's own host: it must not act as the person signed in there (design 10). */
  readonly isSandboxed: boolean;
};

const SANDBOX = "sandbox allow-scripts allow-forms allow-popups allow-modals";

/** Headers for the client: names and values in turn, from raw ones of the upstream. */
export function responseHeaders(raw: readonly string[], context: ResponseHeaderContext): string[] {
  const out: string[] = [];
  let options: Set<string> | undefined;
  let allowsOrigin = false;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? "";
    const value = raw[i + 1] ?? "";
    const lower = name.toLowerCase();
    switch (KINDS.get(lower)) {
      case "connection":
        options = connectionOptions(value, options);
        break;
      case "hop":
        if (lower === "proxy-authenticate") out.push(name, value);
        break;
      case "unusual":
        if (context.canTrail && lower === "trailer") out.push(name, value);
        break;
      default:
        allowsOrigin ||= lower === "access-control-allow-origin";
        out.push(name, value);
    }
  }
  const kept = options === undefined ? out : without(out, options);
  if (context.isSandboxed) {
    kept.push("Content-Security-Policy", SANDBOX);
    if (!allowsOrigin) kept.push("Access-Control-Allow-Origin", "*");
  }
  if (context.closes) kept.push("Connection", "close");
  return kept;
}

/**
 * Our own header names, and those Slipway vouches for spelled with underscores: many apps read `X_Forwarded_For` as
 * `X-Forwarded-For` (CGI's rule), so it must not get past either.
 */
function isDisguised(lower: string): boolean {
  if (lower.startsWith("x-slipway-")) return true;
  if (!lower.includes("_")) return false;
  const dashed = lower.replaceAll("_", "-");
  return KINDS.has(dashed) || dashed.startsWith("x-slipway-");
}

/** What a trailer must not say afterwards: it would get past what was checked in the head (RFC 9110, 6.5.1). */
const HEAD_ONLY = new Set(["host", "content-length", "cookie", "set-cookie", "content-type", "content-encoding"]);

/** Trailers that may go on, as pairs. */
export function trailerPairs(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? "";
    const lower = name.toLowerCase();
    if (!KINDS.has(lower) && !HEAD_ONLY.has(lower) && !isDisguised(lower)) pairs.push([name, raw[i + 1] ?? ""]);
  }
  return pairs;
}

/** Whether an answer with these headers reaches the client in chunks, which is what trailers need. */
export function canTrail(
  client: { readonly method: string; readonly httpVersion: string },
  status: number,
  raw: readonly string[],
): boolean {
  if (client.method === "HEAD" || status === 204 || status === 304 || client.httpVersion !== "1.1") return false;
  return findHeader(raw, "content-length") === undefined;
}

/** Adds the header names that a Connection header declares hop-by-hop. */
function connectionOptions(value: string, known: Set<string> | undefined): Set<string> | undefined {
  if (value === "keep-alive" || value === "close") return known;
  let options = known;
  for (const part of value.toLowerCase().split(",")) {
    const name = part.trim();
    if (name === "" || NEVER_HOP.has(name)) continue;
    options ??= new Set();
    options.add(name);
  }
  return options;
}

function without(headers: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? "";
    if (!names.has(name.toLowerCase())) kept.push(name, headers[i + 1] ?? "");
  }
  return kept;
}
