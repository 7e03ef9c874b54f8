/**
 * One place requests are sent to: an instance's address, or control's socket. Keeps its open connections (each an undici
 * client of one connection, the last used first) and counts what is under way to it.
 */

import { connect, type NetConnectOpts, type Socket } from "node:net";
import { IdleClients } from "./idle-clients.ts";
import { Client } from "./undici-client.ts";

/** How long a connection may take to be established, in milliseconds; the caller tries again or elsewhere. */
const CONNECT_TIMEOUT_MS = 1_000;
/** How long others are preferred to one that could not be connected to, in milliseconds. */
const SUSPECT_MS = 2_000;
/** How long an idle connection is kept when the upstream names no time of its own, in milliseconds. */
const IDLE_MS = 4_000;
const MAX_HEAD_BYTES = 64 * 1024;

export type UpstreamAddress =
  | { readonly host: string; readonly port: number }
  /** A unix socket. */
  | { readonly path: string };

/**
 * Which connection a request needs. `any`: it can be sent again should the connection prove to be closed. `sure`: it
 * can't. `fresh`: one that was never used.
 */
export type ConnectionNeed = "any" | "sure" | "fresh";

export class Upstream {
  readonly address: UpstreamAddress;
  /** The slot of the instance, or a name of the place. */
  readonly slot: string;
  readonly #onIdle: (upstream: Upstream) => void;
  readonly #idle = new IdleClients();
  readonly #connecting = new Set<Socket>();
  #outstanding = 0;
  #isRetired = false;
  #refusedAtMs = Number.NEGATIVE_INFINITY;

  /** @param onIdle called whenever the last exchange under way has ended */
  constructor(slot: string, address: UpstreamAddress, onIdle: (upstream: Upstream) => void = () => {}) {
    this.slot = slot;
    this.address = address;
    this.#onIdle = onIdle;
  }

  /** Exchanges under way, tunnels included. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** It could not be connected to a moment ago. */
  get isSuspect(): boolean {
    return performance.now() - this.#refusedAtMs < SUSPECT_MS;
  }

  begin(): void {
    this.#outstanding += 1;
  }

  end(): void {
    this.#outstanding -= 1;
    if (this.#outstanding === 0) this.#onIdle(this);
  }

  /** A client that is doing nothing. Give it back with `release`, or drop it. */
  acquire(need: ConnectionNeed): Client {
    const idle = need === "any" ? this.#idle.take() : need === "sure" ? this.#idle.takeSure() : undefined;
    return idle ?? this.#createClient();
  }

  release(client: Client): void {
    if (this.#isRetired) void client.close();
    else this.#idle.put(client);
  }

  /**
   * Nothing new will be sent here. Idle connections close, those under way finish, and those still being established
   * are given up: their requests have not been sent and can go elsewhere.
   */
  retire(): void {
    this.#isRetired = true;
    this.#idle.closeAll();
    for (const socket of this.#connecting) socket.destroy(new Error("the target was withdrawn"));
  }

  /**
   * A fresh connection; `callback` is called once.
   * @param allowHalfOpen one side may end while the other still sends
   */
  connect(callback: (error: Error | null, socket: Socket | null) => void, allowHalfOpen = false): Socket {
    const options: NetConnectOpts = "path" in this.address ? { path: this.address.path } : { ...this.address };
    const socket = connect({ ...options, noDelay: true, allowHalfOpen });
    const timer = setTimeout(() => socket.destroy(new Error("connecting took too long")), CONNECT_TIMEOUT_MS);
    this.#connecting.add(socket);
    const settle = (error: Error | null) => {
      clearTimeout(timer);
      this.#connecting.delete(socket);
      socket.off("connect", onConnect).off("error", settle);
      this.#refusedAtMs = error === null ? Number.NEGATIVE_INFINITY : performance.now();
      callback(error, error === null ? socket : null);
    };
    const onConnect = () => settle(null);
    socket.on("connect", onConnect).on("error", settle);
    return socket;
  }

  #createClient(): Client {
    const host = "path" in this.address ? "localhost" : `${this.address.host}:${this.address.port}`;
    const client = new Client(`http://${host}`, {
      allowH2: false,
      connect: (_options, callback) => {
        this.connect((error, socket) => {
          if (socket === null) callback(error ?? new Error("no connection"), null);
          else callback(null, socket);
        });
      },
      keepAliveTimeout: IDLE_MS,
      maxHeaderSize: MAX_HEAD_BYTES,
      // The forwarder has its own limit up to the first byte; after it an answer may pause as long as it likes (SSE).
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    client.on("disconnect", (_origin, _targets, error: Error & { readonly code?: string }) =>
      this.#idle.closed(client, error.code === "UND_ERR_SOCKET"),
    );
    return client;
  }
}
