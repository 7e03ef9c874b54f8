/** Those who look at one project's canvas: who is there, what they are about to create, and how they are told things. */

import type { CanvasClient } from "./client.ts";
import { type DraftView, encode, type Person } from "./server-messages.ts";

/** Services one client can be about to create at once. */
const MAX_DRAFTS = 20;

export class Room {
  readonly projectId: string;
  readonly #clients = new Set<CanvasClient>();
  readonly #drafts = new Map<string, DraftView & { readonly owner: CanvasClient }>();

  constructor(projectId: string) {
    this.projectId = projectId;
  }

  get clients(): Iterable<CanvasClient> {
    return this.#clients;
  }

  get isEmpty(): boolean {
    return this.#clients.size === 0;
  }

  /** Everybody once, however many tabs they have open, in the order they came. */
  people(): readonly Person[] {
    const people = new Map<string, Person>();
    for (const { person } of this.#clients) people.set(person.user_id, person);
    return [...people.values()];
  }

  drafts(): readonly DraftView[] {
    return [...this.#drafts.values()].map(({ owner: _owner, ...view }) => view);
  }

  /** Others hear of a user's first tab. */
  enter(client: CanvasClient): void {
    const isFirst = !this.#has(client.person);
    this.#clients.add(client);
    if (isFirst) this.tell("user:joined", client.person, client);
  }

  /** Others hear of a user's last tab; what the client was about to create is called off. */
  leave(client: CanvasClient): void {
    if (!this.#clients.delete(client)) return;
    for (const [draftId, { owner }] of this.#drafts) if (owner === client) this.#cancel(draftId);
    if (!this.#has(client.person)) this.tell("user:left", client.person);
  }

  /** A draft begins, or goes elsewhere. Answers what is wrong with it. */
  startDraft(client: CanvasClient, draft: { draft_id: string; x: number; y: number }): string | undefined {
    const { draft_id, x, y } = draft;
    const before = this.#drafts.get(draft_id);
    if (before !== undefined && before.owner !== client) return NOT_YOURS;
    const own = [...this.#drafts.values()].filter(({ owner }) => owner === client);
    if (before === undefined && own.length >= MAX_DRAFTS) return `More than ${MAX_DRAFTS} drafts at once.`;
    const view = { draft_id, x, y, ...client.person };
    this.#drafts.set(draft_id, { ...view, owner: client });
    this.tell("service:drafting", view);
    return undefined;
  }

  /** Idempotent. Answers what is wrong. */
  cancelDraft(client: CanvasClient, draftId: string): string | undefined {
    const problem = this.draftProblem(client, draftId);
    if (problem === undefined && this.#drafts.has(draftId)) this.#cancel(draftId);
    return problem;
  }

  /** Why the client can't do anything with that draft; nothing is wrong with one that nobody began. */
  draftProblem(client: CanvasClient, draftId: string): string | undefined {
    const owner = this.#drafts.get(draftId)?.owner;
    return owner === undefined || owner === client ? undefined : NOT_YOURS;
  }

  /** It became a service. */
  endDraft(draftId: string): void {
    this.#drafts.delete(draftId);
  }

  /** To everybody but `except`. */
  tell(type: string, payload: unknown, except?: CanvasClient): void {
    if (this.#clients.size === 0) return;
    const message = encode(type, payload);
    for (const client of this.#clients) if (client !== except) client.send(message);
  }

  #cancel(draftId: string): void {
    this.#drafts.delete(draftId);
    this.tell("service:draft-cancelled", { draft_id: draftId });
  }

  #has({ user_id }: Person): boolean {
    for (const { person } of this.#clients) if (person.user_id === user_id) return true;
    return false;
  }
}

const NOT_YOURS = "This draft is somebody else's.";
