/**
 * Looks at a request's head before anything is done with it. Refuses what Node's parser lets pass but what two programs
 * could read differently (design 12), and finds out what forwarding needs to know. Pure; one pass over the raw headers.
 */

export type RequestHead = {
  /** Value of the Host header as sent; "" when an HTTP/1.0 client sent none. */
  readonly host: string;
  /** Path and query in origin form as sent, or `*`. */
  readonly target: string;
  readonly hasBody: boolean;
  /** The body comes in chunks, so its length is not known beforehand. */
  readonly isChunked: boolean;
  /** Trailers are announced, or the client waits for `100 Continue`. */
  readonly isUnusual: boolean;
};

export type GuardVerdict =
  | { readonly isAllowed: true; readonly head: RequestHead }
  | { readonly isAllowed: false; readonly reason: string };

export type RawRequest = {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  /** Names and values in turn, as sent. */
  readonly rawHeaders: readonly string[];
};

const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?$/i;
const ABSOLUTE = /^https?:\/\/([^/?#]*)/i;

type Framing = {
  hosts: number;
  host: string;
  lengths: number;
  length: string;
  codings: number;
  coding: string;
  isUnusual: boolean;
};

export function inspectHead(request: RawRequest): GuardVerdict {
  const framing = readFraming(request.rawHeaders);
  const problem = framingProblem(framing, request.httpVersion);
  if (problem !== undefined) return refuse(problem);
  const target = originForm(request, framing.host);
  if (target === undefined) return refuse("The request's target is malformed or names another host.");
  const isChunked = framing.codings > 0;
  return {
    isAllowed: true,
    head: {
      host: framing.host,
      target,
      hasBody: isChunked || (framing.lengths > 0 && framing.length !== "0"),
      isChunked,
      isUnusual: framing.isUnusual,
    },
  };
}

function refuse(reason: string): GuardVerdict {
  return { isAllowed: false, reason };
}

/** Names are told apart by their length first, so that most headers cost one comparison. */
function readFraming(raw: readonly string[]): Framing {
  const found: Framing = { hosts: 0, host: "", lengths: 0, length: "", codings: 0, coding: "", isUnusual: false };
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? "";
    const value = raw[i + 1] ?? "";
    switch (name.length) {
      case 4:
        if (name.toLowerCase() === "host") {
          found.hosts += 1;
          found.host = value;
        }
        break;
      case 6:
        if (name.toLowerCase() === "expect") found.isUnusual = true;
        break;
      case 7:
        if (name.toLowerCase() === "trailer") found.isUnusual = true;
        break;
      case 14:
        if (name.toLowerCase() === "content-length") {
          found.lengths += 1;
          found.length = value;
        }
        break;
      case 17:
        if (name.toLowerCase() === "transfer-encoding") {
          found.codings += 1;
          found.coding = value;
        }
        break;
    }
  }
  return found;
}

function framingProblem(framing: Framing, httpVersion: string): string | undefined {
  if (framing.hosts > 1) return "The request has more than one Host header.";
  if (framing.hosts === 0 && httpVersion !== "1.0") return "The request has no Host header.";
  if (framing.hosts === 1 && !HOST.test(framing.host)) return "The Host header is malformed.";
  if (framing.lengths > 1) return "The request has more than one Content-Length header.";
  if (framing.codings === 0) return undefined;
  if (httpVersion === "1.0") return "HTTP/1.0 knows no Transfer-Encoding.";
  if (framing.lengths > 0) return "The request has both Content-Length and Transfer-Encoding.";
  if (framing.codings > 1 || framing.coding.toLowerCase() !== "chunked") {
    return "The only Transfer-Encoding accepted is chunked.";
  }
  return undefined;
}

/** An absolute target must name the same host as the Host header; it is sent on without scheme and host. */
function originForm(request: RawRequest, host: string): string | undefined {
  const { url } = request;
  if (url.includes("#")) return undefined;
  if (url.startsWith("/")) return url;
  if (url === "*") return request.method === "OPTIONS" ? url : undefined;
  const absolute = ABSOLUTE.exec(url);
  if (absolute === null || absolute[1]?.toLowerCase() !== host.toLowerCase()) return undefined;
  const rest = url.slice(absolute[0].length);
  return rest.startsWith("/") ? rest : `/${rest}`;
}
