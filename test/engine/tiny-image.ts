/**
 * An image for tests on a real engine that can pull none: the Node binary that runs the tests, the libraries it is
 * linked with, and nothing else. Its instances run `node -e …` as their command.
 */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import Docker from "dockerode";
import { pack } from "tar-stream";
import { randomHex } from "../../src/lib/ids.ts";
import { run } from "../../src/lib/run.ts";

const REPOSITORY = "slipway-test/node";
const SMALL_FILES: Readonly<Record<string, string>> = {
  "etc/passwd": "root:x:0:0::/:/bin/none\nnode:x:1000:1001::/:/bin/none\n",
  "etc/group": "root:x:0:\nnode:x:1001:\nothers:x:1002:\n",
  "etc/nsswitch.conf": "hosts: files dns\n",
};

let imported: Promise<string> | undefined;

/** Makes the image unless the engine has it (about a second); answers its `repository:tag`. `node` is in its PATH. */
export function ensureTinyImage(): Promise<string> {
  imported ??= ensure(new Docker({ socketPath: "/var/run/docker.sock" }));
  return imported;
}

async function ensure(docker: Docker): Promise<string> {
  const files = await filesOfNode();
  const version = (await hashOf([...files.values()])).slice(0, 12);
  const tag = `${REPOSITORY}:${version}`;
  if (await has(docker, tag)) return tag;
  // Under a name of its own first: test files run in parallel, and a tag that moves leaves an untagged image behind.
  const own = `import-${randomHex(6)}`;
  await importImage(docker, files, own);
  if (!(await has(docker, tag))) await docker.getImage(`${REPOSITORY}:${own}`).tag({ repo: REPOSITORY, tag: version });
  await docker.getImage(`${REPOSITORY}:${own}`).remove();
  return tag;
}

/** Path in the image → path on this machine. */
async function filesOfNode(): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await run("ldd", [process.execPath], { timeoutMs: 10_000 });
  const libraries = [...stdout.matchAll(/(\/\S+)\s+\(0x/g)].flatMap((match) => match[1] ?? []);
  return new Map([
    ["usr/local/bin/node", process.execPath],
    ...libraries.map((path): [string, string] => [path.slice(1), path]),
  ]);
}

async function hashOf(paths: readonly string[]): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(SMALL_FILES));
  for (const path of paths) for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}

async function has(docker: Docker, tag: string): Promise<boolean> {
  return (await docker.listImages({ filters: { reference: [tag] } })).length > 0;
}

async function importImage(docker: Docker, files: ReadonlyMap<string, string>, tag: string): Promise<void> {
  const tar = pack();
  const sending = docker.importImage(tar as unknown as Readable, {
    fromSrc: "-",
    repo: REPOSITORY,
    tag,
    changes: ["ENV PATH=/usr/local/bin", "LABEL slipway.test=true"],
  });
  for (const [path, source] of files) tar.entry({ name: path, mode: 0o755 }, await readFile(source));
  for (const [path, text] of Object.entries(SMALL_FILES)) tar.entry({ name: path, mode: 0o644 }, text);
  tar.entry({ name: "tmp", type: "directory", mode: 0o1777 });
  tar.finalize();
  requireSuccess(await textOf(await sending));
}

async function textOf(answer: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of answer) text += chunk.toString();
  return text;
}

/** The engine answers 200 before it has unpacked anything; what went wrong stands in a line of the answer. */
function requireSuccess(answer: string): void {
  if (answer.includes('"error"')) throw new Error(`The test image can't be imported: ${answer}`);
}
