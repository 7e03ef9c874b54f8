// A small file server: ETag, Range, index.html, clean URLs, 404.html; never a path outside the folder.
import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import { etagOf, findFile, findRoot } from "./files.mjs";
import { parseRange } from "./range.mjs";
import { typeOf } from "./types.mjs";

const root = await findRoot("/srv");
const isSpa = process.env.SPA === "1";

const server = createServer((request, response) => {
  answer(request, response).catch(() => {
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
});
server.listen(Number(process.env.PORT ?? 8080), "0.0.0.0");
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}

async function answer(request, response) {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return response.writeHead(405, { Allow: "GET, HEAD" }).end();
  }
  const [path, query] = splitUrl(request.url);
  const file = await findFile(root, path);
  if (file?.redirect) {
    return response.writeHead(308, { Location: `${file.redirect}${query}` }).end();
  }
  if (file) return await sendFile(request, response, file, 200);
  if (path === "/healthz") return response.writeHead(200, { "Content-Type": "application/json" }).end("{}");
  const fallback = isSpa && !/\.\w+$/.test(path) ? [await findFile(root, "/"), 200] : [await findFile(root, "/404.html"), 404];
  if (fallback[0]) return await sendFile(request, response, fallback[0], fallback[1]);
  response.writeHead(404, { "Content-Type": "text/plain; charset=utf-8" }).end("Not found\n");
}

function splitUrl(url) {
  const mark = url.indexOf("?");
  return mark === -1 ? [url, ""] : [url.slice(0, mark), url.slice(mark)];
}

async function sendFile(request, response, { path, stats }, status) {
  const etag = await etagOf(path);
  const headers = {
    "Content-Type": typeOf(path),
    "Accept-Ranges": "bytes",
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    ETag: etag,
  };
  if (status === 200 && (request.headers["if-none-match"] ?? "").split(/,\s*/).includes(etag)) {
    return response.writeHead(304, headers).end();
  }
  const asked = status === 200 && (request.headers["if-range"] ?? etag) === etag ? request.headers.range : undefined;
  const range = parseRange(asked, stats.size);
  if (range === "unsatisfiable") return response.writeHead(416, { "Content-Range": `bytes */${stats.size}` }).end();
  const { start, end } = range ?? { start: 0, end: stats.size - 1 };
  if (range) headers["Content-Range"] = `bytes ${start}-${end}/${stats.size}`;
  response.writeHead(range ? 206 : status, { ...headers, "Content-Length": end - start + 1 });
  if (request.method === "HEAD" || stats.size === 0) return response.end();
  const content = createReadStream(path, { start, end });
  content.on("error", () => response.destroy());
  response.on("close", () => content.destroy());
  content.pipe(response);
}
