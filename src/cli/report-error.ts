/**
 * Says what went wrong: what, where, what to do about it. For people on standard error; with --json as one document on
 * standard output, shaped like the API's error bodies.
 */

import { AppError } from "../domain/errors.ts";
import type { CliDeps } from "./cli-deps.ts";
import { Interrupted, OutputClosed, SomeFailed, UsageError } from "./exit-codes.ts";
import { RemoteError } from "./remote-error.ts";
import { styleFor } from "./style.ts";
import { lastLines } from "./text-format.ts";

const LOG_LINES = 20;

export function reportError(error: unknown, isJson: boolean, deps: Pick<CliDeps, "stdout" | "stderr" | "env">): void {
  if (error instanceof OutputClosed || (error instanceof SomeFailed && isJson)) return;
  if (isJson) deps.stdout.write(`${JSON.stringify(errorDocument(error), null, 2)}\n`);
  else deps.stderr.write(errorText(error, deps));
}

/** `error` is the code of the list in src/domain/errors.ts, or `usage` or `interrupted`. */
export function errorDocument(error: unknown): Readonly<Record<string, unknown>> {
  const known = asAppError(error);
  return {
    error: codeOf(known),
    message: known.message,
    ...(known.remedy !== undefined && { remedy: known.remedy }),
    ...(known.fields !== undefined && { errors: known.fields }),
    ...(known.logTail !== undefined && { log_tail: known.logTail }),
    ...(known instanceof RemoteError && known.requestId !== undefined && { requestId: known.requestId }),
  };
}

/** Lines for people, each ended. */
export function errorText(error: unknown, deps: Pick<CliDeps, "stderr" | "env">): string {
  const known = asAppError(error);
  const style = styleFor(deps.stderr, deps.env);
  const lines: string[] = [];
  if (known.logTail !== undefined && known.logTail.trim() !== "") {
    lines.push(style.dim(`last lines of the log:`), ...lastLines(known.logTail, LOG_LINES).split("\n").map(indent));
  }
  lines.push(`${style.red("error:")} ${known.message}`);
  lines.push(...fieldLines(known));
  if (known.remedy !== undefined) lines.push(`  ${known.remedy}`);
  if (known.code === "internal") lines.push(...internalLines(known));
  return `${lines.join("\n")}\n`;
}

/** Messages by field that the message itself does not hold already. */
function fieldLines(error: AppError): readonly string[] {
  return Object.entries(error.fields ?? {}).flatMap(([field, messages]) =>
    messages.filter((text) => !error.message.includes(text)).map((text) => `  ${field}: ${text}`),
  );
}

function internalLines(error: AppError): readonly string[] {
  if (error instanceof RemoteError && error.requestId !== undefined)
    return [`  Look in the server's log for the request ${error.requestId}.`];
  return error.cause instanceof Error && error.cause.stack !== undefined
    ? error.cause.stack.split("\n").slice(1, 6)
    : [];
}

function codeOf(error: AppError): string {
  if (error instanceof UsageError) return "usage";
  return error instanceof Interrupted ? "interrupted" : error.code;
}

/** Anything that is no AppError is a mistake in this program, or an unforeseen word of the system. */
function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError("internal", error instanceof Error ? error.message : String(error), { cause: error });
}

function indent(line: string): string {
  return `  ${line}`;
}
