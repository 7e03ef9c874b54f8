// Listens on the port that the Dockerfile EXPOSEs; Slipway finds it there.
const { readFileSync } = require("node:fs");
const { createServer } = require("node:http");

const builtWith = readFileSync("built-with.txt", "utf8");
const server = createServer((_request, response) => response.end(`Built by a Dockerfile with Node ${builtWith}\n`));

server.listen(3000, () => console.log("listening on 3000"));
process.on("SIGTERM", () => server.close());
