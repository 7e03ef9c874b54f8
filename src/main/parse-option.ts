/** Values of options as people type them: durations, sizes, lists, addresses. Pure. */

import type { ServerOption } from "../domain/server-options.ts";

/** A value that can't be used; the message says what would be right. */
export class OptionError extends Error {}

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/;
const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const SIZE = /^(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB|TiB|kB|KB|MB|GB|K|M|G)?$/;
const UNIT_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  K: 1024,
  KiB: 1024,
  kB: 1000,
  KB: 1000,
  M: 1024 ** 2,
  MiB: 1024 ** 2,
  MB: 1000 ** 2,
  G: 1024 ** 3,
  GiB: 1024 ** 3,
  GB: 1000 ** 3,
  TiB: 1024 ** 4,
};

/** Milliseconds of `30s`, `500ms`, `2m`, `1h`; a bare number means seconds, as the seeds' variables do. @throws OptionError */
export function parseDuration(text: string): number {
  const match = DURATION.exec(text.trim());
  if (match === null) throw new OptionError(`${JSON.stringify(text)} is no duration; write it as 30s, 500ms, 2m or 1h`);
  return Math.round(Number(match[1]) * UNIT_MS[(match[2] ?? "s") as keyof typeof UNIT_MS]);
}

/** Bytes of `256MiB`, `1.5GB`, `1024`. @throws OptionError */
export function parseBytes(text: string): number {
  const match = SIZE.exec(text.trim());
  if (match === null) throw new OptionError(`${JSON.stringify(text)} is no size; write it as 256MiB or 1GiB`);
  return Math.round(Number(match[1]) * (UNIT_BYTES[match[2] ?? "B"] ?? 1));
}

/** @throws OptionError */
export function parseInteger(text: string): number {
  if (!/^-?\d+$/.test(text.trim())) throw new OptionError(`${JSON.stringify(text)} is no whole number`);
  return Number(text);
}

/** Parts between commas, trimmed, empty ones left out. */
export function parseList(text: string): readonly string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

export type ListenAddress = { readonly host: string | null; readonly port: number };

/** `:8080`, `127.0.0.1:8080`, `[::1]:8080`, `8080`. @throws OptionError */
export function parseAddress(text: string): ListenAddress {
  const match = /^(?:(\[[0-9a-fA-F:.]+\]|[^:\s]*):)?(\d{1,5})$/.exec(text.trim());
  const port = match === null ? Number.NaN : Number(match[2]);
  if (match === null || port > 65_535)
    throw new OptionError(`${JSON.stringify(text)} is no address; write it as :8080 or 127.0.0.1:8080`);
  const host = (match[1] ?? "").replace(/^\[|\]$/g, "");
  return { host: host === "" ? null : host, port };
}

/** A number within the option's bounds. @throws OptionError */
export function requireBounds(option: Pick<ServerOption, "min" | "max">, value: number): number {
  if (option.min !== undefined && value < option.min) throw new OptionError(`${value} is less than ${option.min}`);
  if (option.max !== undefined && value > option.max) throw new OptionError(`${value} is more than ${option.max}`);
  return value;
}
