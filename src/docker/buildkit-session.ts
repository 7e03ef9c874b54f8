/**
 * The session a BuildKit build fetches its secrets through: the engine turns `POST /session` into an HTTP/2 connection
 * on which it is the gRPC client and we are the server. Only two calls are answered: a secret and the health check.
 */

import { randomUUID } from "node:crypto";
import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";
import type Docker from "dockerode";
import { bytesField, readFields } from "./buildkit-protobuf.ts";

const GET_SECRET = "/moby.buildkit.secrets.v1.Secrets/GetSecret";
const HEALTH_CHECK = "/grpc.health.v1.Health/Check";
const GRPC_OK = "0";
const GRPC_NOT_FOUND = "5";
const GRPC_UNIMPLEMENTED = "12";
/** `HealthCheckResponse{status: SERVING}`. */
const SERVING = Buffer.from([0x08, 0x01]);

export type BuildkitSession = {
  /** Given to the build as its `session`. */
  readonly id: string;
  /** Ends the connection. Idempotent. */
  close(): void;
};

/** Opens a session that hands out `secrets` by id, for as long as it is open. The caller closes it. */
export async function openBuildkitSession(
  docker: Docker,
  secrets: Readonly<Record<string, Uint8Array>>,
): Promise<BuildkitSession> {
  const id = randomUUID();
  const socket = await dialSession(docker, id);
  const server = createServer();
  server.on("stream", (stream, headers) => answer(stream, headers[":path"] ?? "", secrets));
  // The engine hangs up in whatever way it likes when the build is over; the build's own stream tells how that went.
  server.on("sessionError", () => socket.destroy());
  socket.on("error", () => socket.destroy());
  server.emit("connection", socket);
  return { id, close: () => closeSession(server, socket) };
}

function closeSession(server: Http2Server, socket: Duplex): void {
  server.close();
  socket.destroy();
}

function dialSession(docker: Docker, id: string): Promise<Duplex> {
  const call = {
    method: "POST",
    path: "/session",
    hijack: true,
    headers: {
      Upgrade: "h2c",
      "X-Docker-Expose-Session-Uuid": id,
      "X-Docker-Expose-Session-Name": "slipway",
      "X-Docker-Expose-Session-Grpc-Method": [GET_SECRET, HEALTH_CHECK],
    },
    statusCodes: { 200: true, 500: "server error" },
  };
  return new Promise((resolve, reject) => {
    docker.modem.dial(call, (error: Error | null, socket: unknown) => {
      if (error) reject(error);
      else resolve(socket as Duplex);
    });
  });
}

function answer(stream: ServerHttp2Stream, path: string, secrets: Readonly<Record<string, Uint8Array>>): void {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("error", () => stream.destroy());
  stream.on("end", () => {
    if (path === HEALTH_CHECK) return respond(stream, GRPC_OK, SERVING);
    if (path !== GET_SECRET) return respond(stream, GRPC_UNIMPLEMENTED);
    const secret = findSecret(Buffer.concat(chunks), secrets);
    return secret ? respond(stream, GRPC_OK, bytesField(1, secret)) : respond(stream, GRPC_NOT_FOUND);
  });
}

/** A gRPC message is one flag byte and a 32-bit length, then the protobuf message. */
const GRPC_PREFIX_BYTES = 5;

function findSecret(body: Buffer, secrets: Readonly<Record<string, Uint8Array>>): Uint8Array | undefined {
  const id = readFields(body.subarray(GRPC_PREFIX_BYTES)).find((field) => field.number === 1);
  const name = id?.bytes.toString() ?? "";
  return Object.hasOwn(secrets, name) ? secrets[name] : undefined;
}

function respond(stream: ServerHttp2Stream, status: string, message?: Buffer): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status }));
  if (message === undefined) {
    stream.end();
    return;
  }
  const prefix = Buffer.alloc(GRPC_PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([prefix, message]));
}
