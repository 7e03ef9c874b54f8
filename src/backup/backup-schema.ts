/** The two documents in an archive, as they are written and read. */

import { z } from "zod";
import { BACKUP_FORMAT, type BackupEntry, type BackupHeader } from "../domain/backup.ts";

const headerSchema = z.strictObject({
  format: z.literal(BACKUP_FORMAT),
  slipway: z.string(),
  server_id: z.string(),
  created_at: z.iso.datetime(),
  schema: z.int(),
  has_volumes: z.boolean(),
});

const entrySchema = z.strictObject({
  path: z.string(),
  type: z.enum(["file", "directory", "link"]),
  size: z.int(),
  sha256: z.string().nullable(),
  target: z.string().nullable(),
});

const manifestSchema = z.strictObject({ entries: z.array(entrySchema) });

export function headerJson({ format, slipway, serverId, createdAt, schema, hasVolumes }: BackupHeader): string {
  const document: z.output<typeof headerSchema> = {
    ...{ format, slipway, server_id: serverId, created_at: new Date(createdAt).toISOString() },
    ...{ schema, has_volumes: hasVolumes },
  };
  return JSON.stringify(document, null, 2);
}

/** Undefined for what is none. */
export function parseHeader(text: string): BackupHeader | undefined {
  const parsed = headerSchema.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { format, slipway, server_id: serverId, created_at, schema, has_volumes: hasVolumes } = parsed.data;
  return { format, slipway, serverId, createdAt: Date.parse(created_at), schema, hasVolumes };
}

export function manifestJson(entries: readonly BackupEntry[]): string {
  return JSON.stringify({ entries });
}

/** Undefined for what is none. */
export function parseManifest(text: string): readonly BackupEntry[] | undefined {
  const parsed = manifestSchema.safeParse(parseJson(text));
  return parsed.success ? parsed.data.entries : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What is no JSON is none of the documents, either.
    return undefined;
  }
}
