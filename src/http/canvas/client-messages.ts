/** What clients of a canvas may say, as it stands on the wire. Fields that are not known are errors. */

import { z } from "zod";
import { NODE_TYPES } from "../../domain/canvas.ts";

const id = z.string().min(1).max(64);
const coordinate = z.number();
const side = z.number().nullable().optional();
const place = { x: coordinate, y: coordinate };

/** Payloads by type. `auth` is the first message and no other. */
export const CLIENT_PAYLOADS = {
  "node:upsert": z.strictObject({
    id: id.optional(),
    type: z.enum(NODE_TYPES),
    label: z.string(),
    position_x: coordinate,
    position_y: coordinate,
    width: side,
    height: side,
    parent_id: id.nullable().optional(),
    data: z.string().optional(),
  }),
  "node:delete": z.strictObject({ id }),
  "node:move": z.strictObject({
    positions: z.array(z.strictObject({ id, ...place })).max(500),
  }),
  "edge:upsert": z.strictObject({
    id: id.optional(),
    source_id: id,
    target_id: id,
    label: z.string().nullable().optional(),
    data: z.string().optional(),
  }),
  "edge:delete": z.strictObject({ id }),
  "cursor:move": z.strictObject(place),
  "service:draft-start": z.strictObject({ draft_id: id, ...place }),
  "service:draft-cancel": z.strictObject({ draft_id: id }),
  "service:create": z.strictObject({
    draft_id: id,
    name: z.string().max(300),
    image: z.string().max(600).optional(),
    preset: z.string().max(64).optional(),
    icon_url: z.string().max(2100).nullable().optional(),
    ...place,
    env_vars: z
      .array(z.strictObject({ key: z.string().max(300), value: z.string() }))
      .max(500)
      .optional(),
  }),
} as const;

export type ClientMessageType = keyof typeof CLIENT_PAYLOADS;
export type ClientPayload<T extends ClientMessageType> = z.output<(typeof CLIENT_PAYLOADS)[T]>;
export type ClientMessage = {
  [T in ClientMessageType]: { readonly type: T; readonly payload: ClientPayload<T> };
}[ClientMessageType];

/** What came, or what is wrong with it, for people; `draftId` where a creation is what failed. */
export type ReadMessage = { readonly message: ClientMessage } | { readonly problem: string; readonly draftId?: string };

const envelope = z.strictObject({ type: z.string().max(100), payload: z.unknown().optional() });
const authEnvelope = z.strictObject({
  type: z.literal("auth"),
  payload: z.strictObject({ token: z.string().min(1).max(4096) }),
});

export function readClientMessage(text: string): ReadMessage {
  const read = envelope.safeParse(parse(text));
  if (!read.success) return { problem: 'A message is a JSON object {"type": …, "payload": …}.' };
  const { type, payload } = read.data;
  if (!Object.hasOwn(CLIENT_PAYLOADS, type)) return { problem: `Unknown message type: ${type}` };
  const known = type as ClientMessageType;
  const parsed = CLIENT_PAYLOADS[known].safeParse(payload ?? {});
  if (parsed.success) return { message: { type: known, payload: parsed.data } as ClientMessage };
  return { problem: `${type}: ${wordsOf(parsed.error)}`, ...(known === "service:create" && draftIdOf(payload)) };
}

/** The token of the first message; undefined when it is something else. */
export function readAuthMessage(text: string): string | undefined {
  return authEnvelope.safeParse(parse(text)).data?.payload.token;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function wordsOf(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join(".") || "payload"}: ${issue.message}`)
    .join("; ");
}

function draftIdOf(payload: unknown): { readonly draftId: string } | undefined {
  const draftId = (payload as { readonly draft_id?: unknown } | null | undefined)?.draft_id;
  return typeof draftId === "string" && draftId.length <= 64 ? { draftId } : undefined;
}
