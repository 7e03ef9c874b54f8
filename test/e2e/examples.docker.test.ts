/** What a newcomer copies: every example, and every command in the READMEs, against a real server. */

import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { zipOf } from "../archives.ts";
import { eventually } from "../engine/eventually.ts";
import { ensureTinyImage } from "../engine/tiny-image.ts";
import { ask } from "./ask.ts";
import { done, folderOf, REPOSITORY, RunningCommand } from "./command-line.ts";
import { curl, type ReadMeLine, readMeLines } from "./read-me.ts";
import { TestServer } from "./test-server.ts";
import { appFiles, freePort } from "./uploads.ts";

let server: TestServer;

before(async () => {
  server = await TestServer.start();
});
after(() => server.close());

/** Asks the line and holds the answer against its comment: `404 …` is a status, `…: text` ends with the body. */
async function checkCurl({ words, comment }: ReadMeLine, folder: string): Promise<void> {
  const answer = await curl(words, server, folder);
  const status = /^\d{3}/.exec(comment)?.[0] ?? "200";
  assert.equal(String(answer.status), status, `${words.join(" ")}: ${answer.text}`);
  if (comment !== "" && !comment.startsWith(status))
    assert.ok(comment.endsWith(answer.text.trim()), `${words.join(" ")} gives ${answer.text}, not ${comment}`);
}

const examples = await readdir(join(REPOSITORY, "examples"));

for (const example of examples) {
  test(`examples/${example} deploys with the commands of its README and answers as it says`, async () => {
    const folder = join(REPOSITORY, "examples", example);
    let url = "";
    for (const line of await readMeLines(join(folder, "README.md"))) {
      if (line.words[0] === "curl") await checkCurl(line, folder);
      else {
        assert.equal(line.words[0], "bin/slipway");
        const printed = await done(server, line.words.slice(1));
        if (line.words[1] === "deploy") url = printed.trim();
      }
    }
    const expected = JSON.parse(await readFile(join(folder, "expected.json"), "utf8"));
    const answer = await ask(server.url, { path: expected.path, headers: { host: new URL(url).host } });
    assert.deepEqual([answer.status, answer.text], [expected.status, expected.body]);
  });
}

test("the commands of the README do what it says", async () => {
  const work = await folderOf(server, "readme", {
    Dockerfile: `FROM ${await ensureTinyImage()}\nCOPY . /app/\nEXPOSE 8080\nCMD ["node", "/app/app.js"]\n`,
    "my-folder/index.js": 'module.exports = () => "mine";',
    "my-folder/README.md": "# mine",
  });
  const packCode = (version: string): Promise<void> =>
    writeFile(
      join(work, "code.zip"),
      zipOf({
        ...appFiles("response.end()"),
        "handle.py": `print("starts", flush=True)\ndef handle(context, payload):\n    return "${version}"\n`,
      }),
    );
  await packCode("v1");
  const port = String(freePort());
  for (const { words } of await readMeLines(join(REPOSITORY, "README.md"), { KEY: await server.passkey() })) {
    if (words[0] === "curl") {
      // A port and an image's name of this test's own, on a machine that others use as well.
      const own = words.map((word) => word.replace("9002", port).replace("tag=", `tag=${server.prefix}-`));
      await eventually(() => checkCurl({ words: own, comment: "" }, work), 20_000);
    } else if (words[0] === "bin/slipway") {
      if (words[1] === "rollback") {
        await packCode("v2");
        await done(server, ["deploy", "code.zip", "--name", words[2] ?? "", "--runtime", "python"], { cwd: work });
      }
      await readMeCommand(words.slice(1), work);
    } else {
      assert.match(words.join(" "), /^(script\/server|KEY=\$\(cat ~\/.passfile\))$/);
    }
  }
  assert.equal((await server.call("greet")).text, "v1");
});

/** `logs --follow` ends when it is told to, all others by themselves. */
async function readMeCommand(args: readonly string[], work: string): Promise<void> {
  if (args.includes("--follow")) {
    const running = RunningCommand.start(server, args);
    await running.writes(/starts\n/);
    await running.interrupt();
    return;
  }
  await done(server, args, { cwd: args[1]?.startsWith("examples/") ? REPOSITORY : work });
}
