/** `slipway status -l`: local functions as text, and in the same JSON as a server's. */

import type { LocalStatus } from "../../domain/workshop.ts";
import type { CliContext } from "../cli-context.ts";
import { paintStatus, type Style } from "../style.ts";
import { formatElapsed } from "../text-format.ts";
import { useWorkshop } from "./use-workshop.ts";

export function localStatus(names: readonly string[], context: CliContext): Promise<void> {
  const { output, deps } = context;
  return useWorkshop(context, async ({ functions }) => {
    const found = await functions.status(names);
    const text =
      found.length === 0
        ? "No functions on this machine's engine yet. Start one: slipway up -l examples/hello\n"
        : found.map((status) => statusText(status, output.style, deps.now())).join("\n");
    output.result(found.map(statusDocument), text);
  });
}

/** The shape that `slipway status --json` has for a server's functions. */
export function statusDocument({ name, status, scale, url, instances, images }: LocalStatus) {
  return {
    name,
    project: null,
    kind: "function",
    status,
    scale,
    url,
    deployment: null,
    instances: instances.map((i) => ({
      id: i.id,
      name: i.name,
      current: i.isCurrent,
      healthy: i.isHealthy === true,
      url: i.url,
      startedAt: timeOf(i.startedAt),
    })),
    images: images.map((image) => ({ id: image.id, tags: image.tags, createdAt: timeOf(image.createdAt) })),
  };
}

export function statusText(status: LocalStatus, style: Style, now: number): string {
  const facts: readonly (readonly [string, string])[] = [
    ["status", paintStatus(style, status.status)],
    ["url", status.url ?? "none"],
    ["scale", String(status.scale)],
    ["images", status.images.flatMap(({ tags }) => tags).join(", ") || "none"],
  ];
  const lines = facts.map(([key, value]) => `  ${key.padEnd(10)}  ${value}\n`);
  const instances = status.instances.map((i) => {
    const notes = [
      i.isRunning ? "running" : style.red("ended"),
      i.isCurrent ? "current" : style.yellow("out of date"),
      ...(i.isHealthy === null ? [] : [i.isHealthy ? "healthy" : style.red("not healthy")]),
      ...(i.startedAt === null ? [] : [`up ${formatElapsed(now - i.startedAt)}`]),
      ...(i.url === null ? [] : [i.url]),
    ];
    return `  instance    ${i.name}  ${notes.join(", ")}\n`;
  });
  return `${style.bold(status.name)}\n${lines.join("")}${instances.join("")}`;
}

function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
