/** The gateway's own answers: the one error body of every surface (design 8), and the redirect of function paths. */

import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { ErrorCode } from "../domain/errors.ts";

export type GatewayError = {
  readonly status: number;
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterSeconds?: number;
};

function bodyOf(error: GatewayError, requestId: string): string {
  return JSON.stringify({ error: error.code, message: error.message, requestId });
}

function textOf(status: number): string {
  return STATUS_CODES[status] ?? "";
}

const REASON = /^[\t\x20-\x7e\x80-\xff]*$/;

/** An upstream's reason phrase when it can be sent on, else the usual one. */
export function reasonFor(status: number, text: string | undefined): string {
  const usual = textOf(status);
  return text !== undefined && text !== usual && REASON.test(text) ? text : usual;
}

/**
 * Sends the head before there is a body. Not `flushHeaders`, which takes the bytes of names and values, kept as latin1,
 * for text and so encodes them a second time.
 */
export function flushHead(response: ServerResponse): void {
  response.write("", "latin1");
}

function headersOf(error: GatewayError, body: string, closes: boolean): string[] {
  const headers = ["Content-Type", "application/json; charset=utf-8", "Content-Length", `${Buffer.byteLength(body)}`];
  if (error.retryAfterSeconds !== undefined) headers.push("Retry-After", `${error.retryAfterSeconds}`);
  if (closes) headers.push("Connection", "close");
  return headers;
}

/** Answers with the error, unless the answer has begun: then the connection is destroyed. */
export function answerError(response: ServerResponse, error: GatewayError, requestId: string, closes: boolean): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const body = bodyOf(error, requestId);
  // With its text: one that was set in vain, by an upstream's answer that can't be passed on, would be taken again.
  response.writeHead(error.status, textOf(error.status), headersOf(error, body, closes)).end(body);
}

/** The same on a bare connection (a failed upgrade, or bytes that are no HTTP); it is closed. */
export function answerErrorRaw(socket: Duplex, error: GatewayError, requestId: string): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = bodyOf(error, requestId);
  const headers = headersOf(error, body, true);
  let head = `HTTP/1.1 ${error.status} ${textOf(error.status)}\r\n`;
  for (let i = 0; i + 1 < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  socket.end(`${head}\r\n${body}`);
}

export function answerRedirect(response: ServerResponse, location: string, closes: boolean): void {
  const headers = ["Location", location, "Content-Length", "0"];
  if (closes) headers.push("Connection", "close");
  response.writeHead(308, headers).end();
}
