// A whole web application without packages. It listens on $PORT, which Slipway sets.
import { createServer } from "node:http";

let visits = 0;

const routes = {
  "GET /": () => ({ status: 200, body: { hello: "web", greeting: process.env.GREETING ?? "none" } }),
  "GET /ping": () => ({ status: 200, body: "OK" }),
  "GET /visits": () => ({ status: 200, body: { visits: ++visits } }),
};

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  const route = routes[`${request.method} ${pathname}`];
  const { status, body } = route?.() ?? { status: 404, body: { error: `nothing at ${pathname}` } };
  const isText = typeof body === "string";
  response.writeHead(status, { "Content-Type": isText ? "text/plain" : "application/json" });
  response.end(isText ? body : JSON.stringify(body));
});

server.listen(Number(process.env.PORT ?? 8080), () => console.log(`listening on ${server.address().port}`));

// Requests under way are finished before the instance ends.
process.on("SIGTERM", () => server.close());
