// The HTTP side of a function: health, messages, plain web requests; finishes accepted calls on SIGTERM.
import { createServer } from "node:http";
import { callFunction } from "./call.mjs";
import { readBody, readPayload, RefusedBody } from "./payload.mjs";

const MESSAGE_TYPE = "application/vnd.slipway.message+json";
const STATUS_BY_ERROR = { InputError: 400, FunctionError: 502, SystemError: 500 };

export function serve(handler, port) {
  let isStopping = false;
  const server = createServer((request, response) => {
    // A connection that was busy when the stop came is idle now, and nothing else would end it soon.
    response.on("finish", () => isStopping && setImmediate(() => server.closeIdleConnections()));
    answer(handler, request, response).catch((error) => {
      const status = error instanceof RefusedBody ? error.status : 500;
      const type = error instanceof RefusedBody ? "InputError" : "SystemError";
      sendJson(response, status, { error: type, message: error.message });
    });
  });
  server.listen(port, "0.0.0.0");
  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.on(signal, () => {
      isStopping = true;
      server.close(() => process.exit(0));
      server.closeIdleConnections();
    });
  }
}

async function answer(handler, request, response) {
  if (request.url === "/healthz") return sendJson(response, 200, {});
  const type = (request.headers["content-type"] ?? "").split(";")[0].trim().toLowerCase();
  if (type === MESSAGE_TYPE) return answerMessage(handler, request, response);
  const payload = await readPayload(request, type);
  const call = await callFunction(handler, { secrets: {}, serviceBindings: {}, httpContext: httpContextOf(request) }, payload);
  if (call.error !== null) {
    const status = call.isLate ? 504 : STATUS_BY_ERROR[call.error.type];
    return sendJson(response, status, { error: call.error.type, message: call.error.message });
  }
  sendOutput(response, call.payload);
}

async function answerMessage(handler, request, response) {
  let message;
  try {
    message = JSON.parse((await readBody(request)).toString());
  } catch (error) {
    if (error instanceof RefusedBody) throw error;
    const refusal = { type: "SystemError", message: "the message is not JSON", stacktrace: [] };
    return sendJson(response, 200, { context: { error: refusal, logs: { stdout: [], stderr: [] } }, payload: null });
  }
  const call = await callFunction(handler, message.context ?? {}, message.payload ?? null);
  sendJson(response, 200, { context: { error: call.error, logs: call.logs }, payload: call.payload });
}

function httpContextOf(request) {
  const url = new URL(request.url, "http://localhost");
  return {
    method: request.method,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: request.headers,
  };
}

function sendOutput(response, output) {
  if (output === null || output === undefined || output === "") return response.writeHead(200).end();
  if (typeof output !== "string") return sendJson(response, 200, output);
  response.writeHead(200, { "Content-Type": "text/plain; charset=utf-8" }).end(output);
}

function sendJson(response, status, value) {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
}
