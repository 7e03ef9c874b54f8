/**
 * The commands in a README's `sh` blocks, so that a test can run what people copy. `curl` lines are asked by the tests
 * themselves: a bare machine has no curl.
 */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type Answer, ask, form } from "./ask.ts";
import type { TestServer } from "./test-server.ts";

export type ReadMeLine = {
  readonly words: readonly string[];
  /** What stands behind `#`: what the line gives; empty when nothing does. */
  readonly comment: string;
};

/** Lines of all `sh` blocks in order, continued ones joined, `$NAME` replaced by `variables`. */
export async function readMeLines(
  path: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<readonly ReadMeLine[]> {
  const blocks = [...(await readFile(path, "utf8")).matchAll(/^```sh\n(.*?)^```$/gms)].map((match) => match[1] ?? "");
  const lines = blocks.join("").replaceAll("\\\n", " ").split("\n");
  return lines.filter((line) => line.trim() !== "").map((line) => parseLine(line, variables));
}

function parseLine(line: string, variables: Readonly<Record<string, string>>): ReadMeLine {
  const [, command = line, comment = ""] = /^(.*?)\s+# (.*)$/.exec(line) ?? [];
  const words = [...command.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, "$1$2").replace(/\$([A-Z]+)/g, (_, name: string) => variables[name] ?? ""),
  );
  return { words, comment };
}

/** What a `curl` line asks for, asked of `server`; files of a form are taken from `folder`. */
export async function curl(words: readonly string[], server: TestServer, folder: string): Promise<Answer> {
  const headers: Record<string, string> = {};
  const parts: { readonly name: string; readonly value: string | Uint8Array; readonly file?: string }[] = [];
  let [address, body]: [string | undefined, string | undefined] = [undefined, undefined];
  for (let i = 1; i < words.length; i += 1) {
    const [word = "", value = ""] = words.slice(i);
    if (word === "-i") continue;
    if (!word.startsWith("-")) {
      address = word;
      continue;
    }
    i += 1;
    if (word === "-H") headers[value.slice(0, value.indexOf(":"))] = value.slice(value.indexOf(":") + 1).trim();
    else if (word === "-d") body = value;
    else if (word === "-F") parts.push(await partOf(value, folder));
    else assert.fail(`this test does not know curl's ${word}`);
  }
  const url = new URL(address ?? "");
  const sent = parts.length > 0 ? await form(parts) : { headers: {}, body };
  return ask(server.url, {
    method: sent.body === undefined ? "GET" : "POST",
    path: url.pathname + url.search,
    headers: { host: `${url.hostname}:${server.port}`, ...headers, ...sent.headers },
    ...(sent.body !== undefined && { body: sent.body }),
  });
}

async function partOf(text: string, folder: string) {
  const [name = "", value = ""] = text.split(/=(.*)/s);
  if (!value.startsWith("@")) return { name, value };
  return { name, value: await readFile(resolve(folder, value.slice(1))), file: value.slice(1) };
}
