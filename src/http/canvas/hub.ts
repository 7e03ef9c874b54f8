/**
 * All canvases somebody looks at. What the platform announces reaches their clients in the order it was announced; what
 * clients send is carried out, written into the audit log, and answered with an error where it can't be.
 */

import type { AuditLog } from "../../domain/audit.ts";
import type { DomainEvent, EventBus } from "../../domain/events.ts";
import type { Logger } from "../../domain/logger.ts";
import type { PresetCatalog } from "../../domain/preset.ts";
import type { CanvasBoard, StagedChanges } from "../../domain/project-operations.ts";
import type { Stores } from "../../domain/stores.ts";
import { newId } from "../../lib/ids.ts";
import { OrderedWork } from "../../lib/ordered-work.ts";
import { toAppError } from "../error-answer.ts";
import type { ServiceViewer } from "../service-views.ts";
import type { OpenSocket } from "../web-sockets.ts";
import { CanvasAudit, type Visit } from "./canvas-audit.ts";
import { CANVAS_LIMITS, CanvasClient, type CanvasLimits, CLOSE } from "./client.ts";
import { type ClientMessage, readClientMessage } from "./client-messages.ts";
import { carryOut, isPassing } from "./commands.ts";
import { EventTeller } from "./event-teller.ts";
import { Room } from "./room.ts";
import { type SignInOptions, SignIns } from "./sign-ins.ts";

export type CanvasHubOptions = SignInOptions & {
  readonly board: CanvasBoard;
  readonly staged: Pick<StagedChanges, "list">;
  readonly stores: Pick<Stores, "services" | "deployments">;
  readonly viewer: ServiceViewer;
  readonly presets: PresetCatalog;
  readonly events: EventBus;
  readonly audit: AuditLog;
  readonly logger: Logger;
  readonly limits?: CanvasLimits;
};

/** Connections of one user. */
const MAX_CONNECTIONS = 64;
/** Events that wait to be told before everybody is told everything anew instead. */
const MAX_BEHIND = 5_000;

export class CanvasHub {
  readonly #options: CanvasHubOptions;
  readonly #rooms = new Map<string, Room>();
  /** Those who have not said who they are are among them. */
  readonly #connections = new Set<CanvasClient>();
  readonly #teller: EventTeller;
  readonly #signIns: SignIns;
  readonly #audit: CanvasAudit;
  readonly #work: OrderedWork;
  readonly #stopListening: () => void;
  #isBehind = false;
  #isClosed = false;

  constructor(options: CanvasHubOptions) {
    this.#options = options;
    const { events, logger } = options;
    this.#teller = new EventTeller({ ...options, rooms: this.#rooms, onProjectGone: (room) => this.#closeRoom(room) });
    this.#audit = new CanvasAudit(options);
    this.#signIns = new SignIns(options, () => this.#joined());
    this.#work = new OrderedWork((error) => logger.error({ err: error }, "a canvas could not be told something"));
    this.#stopListening = events.on((event) => this.#hear(event));
  }

  /** Takes an open connection to a project's canvas. */
  enter(projectId: string, socket: OpenSocket, visit: Visit): void {
    const { logger, limits = CANVAS_LIMITS } = this.#options;
    const client = new CanvasClient({
      id: newId(),
      socket,
      limits,
      identify: (token) => this.#signIns.identify(token),
      onJoin: (joining) => this.#join(projectId, joining),
      onMessage: (sender, text) => this.#carryOut(projectId, sender, text, visit),
      onLeave: (leaving) => this.#leave(projectId, leaving),
      onCaughtUp: (lagging) => this.#tellAll(projectId, lagging),
      onError: (error) => logger.error({ err: error, requestId: visit.requestId }, "a canvas connection failed"),
    });
    this.#connections.add(client);
    socket.ws.once("close", () => this.#connections.delete(client));
    if (this.#isClosed) client.close(CLOSE.goingAway);
  }

  /** Ends all connections, which may come back once there is another server. */
  close(): void {
    this.#isClosed = true;
    this.#stopListening();
    this.#signIns.close();
    this.#work.clear();
    for (const client of this.#connections) client.close(CLOSE.goingAway);
  }

  /** Resolves once it has been told everything and hears all that comes after. */
  #join(projectId: string, client: CanvasClient): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#work.add(() => this.#enterRoom(projectId, client).then(resolve, reject));
    });
  }

  async #enterRoom(projectId: string, client: CanvasClient): Promise<void> {
    const { user_id } = client.person;
    const own = [...this.#joined()].filter(({ person }) => person.user_id === user_id);
    if (own.length >= MAX_CONNECTIONS) {
      client.close(CLOSE.tooMany);
      return;
    }
    const room = this.#rooms.get(projectId) ?? new Room(projectId);
    this.#rooms.set(projectId, room);
    try {
      await this.#teller.tellAll(room, client, () => {
        if (client.isClosed) return;
        // The last of the others may have left meanwhile, and taken the room along.
        this.#rooms.set(projectId, room);
        room.enter(client);
      });
    } finally {
      if (room.isEmpty) this.#rooms.delete(projectId);
    }
  }

  #leave(projectId: string, client: CanvasClient): void {
    const room = this.#rooms.get(projectId);
    room?.leave(client);
    if (room?.isEmpty) this.#rooms.delete(projectId);
  }

  #tellAll(projectId: string, client: CanvasClient): void {
    this.#work.add(async () => {
      const room = this.#rooms.get(projectId);
      if (room !== undefined && !client.isClosed) await this.#teller.tellAll(room, client);
    });
  }

  async #carryOut(projectId: string, client: CanvasClient, text: string, visit: Visit): Promise<void> {
    const room = this.#rooms.get(projectId);
    if (room === undefined) return;
    const read = readClientMessage(text);
    if ("problem" in read) {
      const { problem, draftId } = read;
      if (draftId === undefined) client.tell("error", { message: problem });
      else client.tell("service:create-error", { draft_id: draftId, message: problem });
      return;
    }
    const { message } = read;
    if ((await this.#isDone(room, client, message, visit)) && !isPassing(message))
      await this.#writeDown(client, message, visit);
  }

  /** Carries it out; what is wrong with it is told to its sender. */
  async #isDone(room: Room, client: CanvasClient, message: ClientMessage, visit: Visit): Promise<boolean> {
    try {
      if (!isPassing(message) && !(await this.#signIns.isGood(client))) {
        client.close(CLOSE.unauthenticated);
        return false;
      }
      await carryOut(message, room, client, this.#options);
      return true;
    } catch (thrown) {
      const error = toAppError(thrown);
      if (error.code === "internal")
        this.#options.logger.error({ err: thrown, requestId: visit.requestId }, error.message);
      const words = error.remedy === undefined ? error.message : `${error.message} ${error.remedy}`;
      if (message.type !== "service:create") client.tell("error", { message: words });
      else client.tell("service:create-error", { draft_id: message.payload.draft_id, message: words });
      return false;
    }
  }

  /** It is done and can't be taken back; that nobody can read of it later must not stay unseen. */
  async #writeDown(client: CanvasClient, message: ClientMessage, visit: Visit): Promise<void> {
    try {
      await this.#audit.record(client.actor, message, visit);
    } catch (error) {
      const change = { type: message.type, by: client.person.user_id, requestId: visit.requestId };
      this.#options.logger.error({ err: error, ...change }, "a change could not be written into the audit log");
      client.tell("error", { message: "It was done, but could not be written into the audit log." });
    }
  }

  #hear(event: DomainEvent): void {
    if (event.type === "user.deleted" || event.type === "user.updated") this.#signIns.lookAgain(event.userId);
    if (this.#isBehind) return;
    if (this.#work.length < MAX_BEHIND) {
      this.#work.add(() => this.#teller.tell(event));
      return;
    }
    // So far behind that telling how things are is shorter than telling what happened.
    this.#isBehind = true;
    this.#work.add(() => {
      this.#isBehind = false;
      for (const room of this.#rooms.values()) for (const client of room.clients) this.#tellAll(room.projectId, client);
    });
  }

  #closeRoom(room: Room): void {
    for (const client of [...room.clients]) client.close(CLOSE.projectGone);
  }

  *#joined(): Iterable<CanvasClient> {
    for (const room of this.#rooms.values()) yield* room.clients;
  }
}
