/** Takes secrets out of what a build says. Pure. */

import { AppError } from "../domain/errors.ts";

const MASK = "***";
/** Shorter lines of a longer secret are words like any other. */
const MIN_LINE_LENGTH = 4;

/** A function that replaces every occurrence of the values in a text: whole, line by line, and in base64. */
export function redactor(values: readonly Uint8Array[]): (text: string) => string {
  const words = [...new Set(values.flatMap(wordsOf))].sort((a, b) => b.length - a.length);
  return words.length === 0
    ? (text) => text
    : (text) => words.reduce((left, word) => left.replaceAll(word, MASK), text);
}

/** The same error without the values in it; what caused it, which may say them too, is left out. */
export function redactError(error: unknown, redact: (text: string) => string): unknown {
  if (!(error instanceof AppError)) return error;
  const { message, logTail, fields, remedy, retryAfterSeconds } = error;
  if (redact(message) === message && (logTail === undefined || redact(logTail) === logTail)) return error;
  return new AppError(error.code, redact(message), {
    ...(logTail !== undefined && { logTail: redact(logTail) }),
    ...(fields !== undefined && { fields }),
    ...(remedy !== undefined && { remedy }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
}

function wordsOf(value: Uint8Array): readonly string[] {
  const bytes = Buffer.from(value);
  const text = bytes.toString("utf8").trim();
  if (text === "") return [];
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const whole = lines.length === 1 ? [text] : [];
  const encoded = [bytes, Buffer.from(text)].map((one) => one.toString("base64").replace(/=+$/, ""));
  return [...whole, ...[...lines, ...encoded].filter((word) => word.length >= MIN_LINE_LENGTH)];
}
