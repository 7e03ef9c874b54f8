/**
 * Constant load on `hello.localhost` from a process of its own: half of the clients keep their connection, half open one
 * per request. Told `stop`, it tells how many requests were answered and why the others were not.
 */

import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";

export type LoadResult = { readonly answered: number; readonly lost: readonly string[] };

const CLIENTS_PER_KIND = 4;
const port = Number(process.argv[2]);
let answered = 0;
let isStopping = false;
const lost: string[] = [];

async function ask(agent: Agent | false): Promise<void> {
  try {
    const call = request({ host: "127.0.0.1", port, path: "/", agent, headers: { host: "hello.localhost" } });
    call.end();
    const [answer] = (await once(call, "response")) as [IncomingMessage];
    let text = "";
    for await (const chunk of answer) text += chunk;
    if (answer.statusCode === 200 && text === "hello") answered += 1;
    else lost.push(`${answer.statusCode} ${text}`);
  } catch (error) {
    lost.push(String(error));
  }
}

async function client(agent: Agent | false): Promise<void> {
  while (!isStopping) {
    await ask(agent);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

process.on("message", () => {
  isStopping = true;
});
const clients: Promise<void>[] = [];
for (let i = 0; i < CLIENTS_PER_KIND; i += 1) {
  clients.push(client(new Agent({ keepAlive: true, maxSockets: 1 })), client(false));
}
await Promise.all(clients);
process.send?.({ answered, lost } satisfies LoadResult);
process.exit();
