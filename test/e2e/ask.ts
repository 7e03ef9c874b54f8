/** One HTTP request exactly as it is given, the Host header included, with the whole answer. */

import { type Agent, request } from "node:http";

export type Question = {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly agent?: Agent;
};

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body as JSON. @throws SyntaxError */
  json<T = Record<string, unknown>>(): T;
};

const LIMIT_MS = 60_000;

export function ask(url: string, question: Question = {}): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        hostname,
        port,
        method: question.method ?? "GET",
        path: question.path ?? "/",
        headers: question.headers,
        agent: question.agent ?? false,
        signal: AbortSignal.timeout(LIMIT_MS),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: () => JSON.parse(text) });
        });
      },
    );
    sent.on("error", reject);
    sent.end(question.body);
  });
}

/** A multipart form; a part with `file` is sent as a file of that name. */
export async function form(
  parts: readonly { readonly name: string; readonly value: string | Uint8Array; readonly file?: string }[],
): Promise<{ readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array }> {
  const data = new FormData();
  for (const { name, value, file } of parts) {
    if (file === undefined) data.append(name, typeof value === "string" ? value : new TextDecoder().decode(value));
    else data.append(name, new Blob([value as Uint8Array<ArrayBuffer>]), file);
  }
  const response = new Response(data);
  return {
    headers: { "content-type": response.headers.get("content-type") ?? "" },
    body: new Uint8Array(await response.arrayBuffer()),
  };
}
