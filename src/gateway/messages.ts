/** What control and the workers say to each other over `gateway.sock`, and what holder, control and workers over IPC. */

import type { GatewayCounts } from "../domain/gateway.ts";
import type { RouteTable } from "../domain/route.ts";

/** Worker → control. */
export type WorkerMessage =
  /** First on each connection. `holderId`: of the holder that started it, present or past. */
  | { readonly type: "hello"; readonly pid: number; readonly holderId: string; readonly serves?: string | undefined }
  /** It listens on the public address; `version`: of its program, as `serves` in later hellos. */
  | { readonly type: "serves"; readonly version: string }
  /** The table of that version is in use. */
  | { readonly type: "ack"; readonly version: number }
  /** It has a table and can't have the public address. Repeated while that lasts. */
  | { readonly type: "address_in_use"; readonly address: string }
  | { readonly type: "local_port"; readonly port: number; readonly problem: string | null }
  | { readonly type: "inside_address"; readonly host: string; readonly port: number; readonly problem: string | null }
  | { readonly type: "drained"; readonly id: number; readonly isDrained: boolean }
  | { readonly type: "counts"; readonly counts: readonly GatewayCounts[] };

/** Control → worker. */
export type LinkMessage =
  | {
      readonly type: "table";
      readonly version: number;
      readonly table: RouteTable;
      /** SHA-256 of the passkey, lower-case hex. */
      readonly passkeyHash: string | null;
    }
  | { readonly type: "drain"; readonly id: number; readonly slot: string; readonly timeoutMs: number }
  /** Stop listening, finish what is under way, exit. */
  | { readonly type: "retire" };

/** Control → holder, over IPC. */
export type ControlToHolder =
  | { readonly type: "ready" }
  | { readonly type: "reload" }
  | { readonly type: "kill_worker"; readonly pid: number }
  /** Nothing can be served: the holder ends everything, prints the message and exits 1. */
  | { readonly type: "fatal"; readonly message: string };

/** Holder → control, over IPC. */
export type HolderToControl =
  /** The workers alive, by pid, and the public port once it is bound; sent at once and after each change. */
  | { readonly type: "workers"; readonly pids: readonly number[]; readonly port: number | null }
  | { readonly type: "stop" };

/** Worker → holder, over IPC. */
export type WorkerToHolder =
  | { readonly type: "listening"; readonly port: number }
  /** May it listen there? It has to ask before each try; see address-guard.ts. */
  | { readonly type: "may_listen"; readonly id: number; readonly host: string | undefined; readonly port: number };

/** Holder → worker, over IPC. */
export type HolderToWorker =
  | {
      readonly type: "drain";
      /** The server stops altogether: idle connections need not be kept. */
      readonly isFinal: boolean;
    }
  | { readonly type: "may_listen"; readonly id: number; readonly isFree: boolean };
