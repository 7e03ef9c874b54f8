/** `runtime.yml`: what a runtime says of itself. Every key can be left out; a key nobody knows is an error. */

import { parse } from "yaml";
import { z } from "zod";
import { AppError } from "../domain/errors.ts";
import type { Runtime } from "../domain/runtime.ts";
import { nearest } from "../lib/nearest.ts";

export const RUNTIME_YML = "runtime.yml";

const MIB = 1_048_576;
const relativePath = z
  .string()
  .regex(/^(?!\/)(?!(?:.*\/)?\.\.(?:\/|$)).+/, "must be a path inside the function's folder");

const schema = z.strictObject({
  protocol: z.enum(["http", "message"]).default("http"),
  port: z.int().min(1).max(65_535).default(8080),
  health: z.string().startsWith("/", "must start with /").optional(),
  options: z.record(z.string(), z.union([z.string(), z.array(z.string())])).default({}),
  memoryMb: z.int().min(6).optional(),
  code: relativePath.optional(),
  base: z.string().regex(/^\S+$/, "must be an image").optional(),
  reload: z
    .strictObject({
      folder: z.string().startsWith("/", "must be an absolute path in the image"),
      rebuildOn: z.array(relativePath).default([]),
    })
    .optional(),
});

export type RuntimeSettings = Pick<
  Runtime,
  "protocol" | "defaultPort" | "healthPath" | "options" | "memoryBytes" | "codeFile" | "reload"
> & {
  /** What `ARG BASE_IMAGE` of its Dockerfile stands for instead of what is written there. */
  readonly base: string | undefined;
};

/** What holds for a folder without a runtime.yml: FaaSO's contract. */
export const FAASO_SETTINGS: RuntimeSettings = {
  protocol: "http",
  defaultPort: 3000,
  healthPath: "/ping",
  options: {},
  memoryBytes: null,
  codeFile: null,
  reload: null,
  base: undefined,
};

/** @throws AppError `invalid` naming file, key and the nearest key there is */
export function parseRuntimeYml(text: string): RuntimeSettings {
  const parsed = schema.safeParse(parseYaml(text) ?? {});
  if (!parsed.success) throw wrong(parsed.error.issues);
  const { protocol, port, health, options, memoryMb, code, base, reload } = parsed.data;
  return {
    protocol,
    defaultPort: port,
    healthPath: health ?? null,
    options,
    memoryBytes: memoryMb === undefined ? null : memoryMb * MIB,
    codeFile: code ?? null,
    reload: reload ?? null,
    base,
  };
}

function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("invalid", `${RUNTIME_YML}: ${words}`, { cause, fields: { [RUNTIME_YML]: [words] } });
  }
}

function wrong(issues: readonly z.core.$ZodIssue[]): AppError {
  const faults = issues.flatMap((issue) => {
    const path = issue.path.join(".");
    if (issue.code !== "unrecognized_keys")
      return [{ key: path, words: path === "" ? "must hold keys" : issue.message }];
    const known = path === "reload" ? ["folder", "rebuildOn"] : Object.keys(schema.shape);
    return issue.keys.map((key) => {
      const close = nearest(key, known);
      const hint = close === undefined ? `known are ${known.join(", ")}` : `did you mean ${close}?`;
      return { key: path === "" ? key : `${path}.${key}`, words: `is no key; ${hint}` };
    });
  });
  const message = faults.map(({ key, words }) => `${key === "" ? "it" : key}: ${words}`).join("; ");
  return new AppError("invalid", `${RUNTIME_YML}: ${message}`, {
    fields: Object.fromEntries(faults.map(({ key, words }) => [key || RUNTIME_YML, [words]])),
    remedy: `Mend ${RUNTIME_YML}; docs/guides/add-a-runtime.md lists its keys.`,
  });
}
