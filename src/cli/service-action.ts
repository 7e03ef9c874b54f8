/** What one does to a running service: start, stop, restart, scale, roll back; each shows what became of it. */

import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import type { ServiceView } from "../api/views.ts";
import { AppError } from "../domain/errors.ts";
import { AWAIT_LIMIT_MS } from "./await-view.ts";
import { isTransient } from "./build-log-follower.ts";
import type { CliContext } from "./cli-context.ts";
import { type Example, projectOption, withExamples } from "./command-help.ts";
import { comingOf, followServices } from "./follow-services.ts";
import { Progress } from "./progress.ts";
import { openProject, type ProjectScope } from "./project-scope.ts";
import { serviceLine } from "./service-text.ts";

export type ServiceAction = "start" | "stop" | "restart";
export type WaitOption = { readonly project?: string; readonly wait: boolean };

const POLL_MS = 100;

/** `slipway service start|stop|restart`. */
export function createServiceActionCommand(
  context: CliContext,
  action: ServiceAction,
  examples: readonly Example[],
): Command {
  const command = new Command()
    .argument("<service>", "name or id")
    .addOption(projectOption())
    .option("--no-wait", "return at once; do not wait until it is so")
    .action(async (name: string, options: WaitOption) => {
      const scope = await openProject(context, options.project);
      showService(await actOnService(scope, name, action, options.wait, context), context);
    });
  return withExamples(command, examples);
}

export async function actOnService(
  scope: ProjectScope,
  s: string,
  action: ServiceAction,
  waits: boolean,
  context: CliContext,
): Promise<ServiceView> {
  const { client, p } = scope;
  const answer = await client.calls.ask(`POST /api/projects/:p/services/:s/${action}`, { params: { p, s } });
  return waits ? settled(scope, answer, action === "stop" ? "stopped" : "running", context) : answer;
}

/** 0 stops it. */
export async function scaleService(
  scope: ProjectScope,
  s: string,
  replicas: number,
  waits: boolean,
  context: CliContext,
): Promise<ServiceView> {
  const { client, p } = scope;
  const call = "POST /api/projects/:p/services/:s/scale";
  const answer = await client.calls.ask(call, { params: { p, s }, body: { replicas } });
  return waits ? settled(scope, answer, replicas === 0 ? "stopped" : "running", context) : answer;
}

/** @param deployment id or its start; undefined: the one before */
export async function rollBackService(
  scope: ProjectScope,
  s: string,
  deployment: string | undefined,
  waits: boolean,
  context: CliContext,
): Promise<ServiceView> {
  const { client, p } = scope;
  const id = deployment === undefined ? undefined : await wholeId(scope, s, deployment);
  const body = id === undefined ? {} : { deployment_id: id };
  const answer = await client.calls.ask("POST /api/projects/:p/services/:s/rollback", { params: { p, s }, body });
  return waits ? settled(scope, answer, "running", context) : answer;
}

export function showService(view: ServiceView, { output }: CliContext): void {
  output.result(view, serviceLine(view, output.style));
}

/** What is coming up is followed first: how it failed is the news then. @throws AppError `deploy_failed`, `timeout` */
async function settled(
  scope: ProjectScope,
  first: ServiceView,
  goal: "running" | "stopped",
  context: CliContext,
): Promise<ServiceView> {
  const { deps, output, signal } = context;
  const coming = goal === "running" ? await comingOf(scope, first.id) : undefined;
  if (coming !== undefined) await followServices([coming], scope, context);
  const progress = new Progress(deps, output.isJson);
  const endsAt = deps.now() + AWAIT_LIMIT_MS;
  let view = coming === undefined ? first : await look(scope, first);
  try {
    while (!(await isThere(scope, view, goal))) {
      if (deps.now() > endsAt) throw tooLong(view, goal);
      progress.step(`waiting until ${view.name} is ${goal}`);
      await sleep(POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
      view = await look(scope, view);
    }
    return view;
  } finally {
    progress.stop();
  }
}

async function isThere(scope: ProjectScope, view: ServiceView, goal: "running" | "stopped"): Promise<boolean> {
  if (view.status === "failed" && goal === "running") throw await failed(scope, view);
  if (view.status !== goal) return false;
  const { client, p } = scope;
  const { data } = await client.calls.ask("GET /api/projects/:p/services/:s/containers", {
    params: { p, s: view.id },
    query: { limit: 100 },
  });
  return goal === "stopped" || data.filter((c) => c.status === "running").length >= view.replicas;
}

async function failed({ client, p }: ProjectScope, view: ServiceView): Promise<AppError> {
  const { data } = await client.calls.ask("GET /api/projects/:p/services/:s/deployments", {
    params: { p, s: view.id },
    query: { limit: 1 },
  });
  const [newest] = data;
  const logTail = newest?.log_tail ?? undefined;
  return new AppError("deploy_failed", `${view.name} does not run: ${newest?.failure_reason ?? "it failed"}`, {
    ...(logTail !== undefined && { logTail }),
    remedy: `See \`slipway service show ${view.name}\` and \`slipway service logs ${view.name}\`.`,
  });
}

/** A server that is away for a moment leaves the last view standing. */
async function look({ client, p }: ProjectScope, last: ServiceView): Promise<ServiceView> {
  try {
    return await client.calls.ask("GET /api/projects/:p/services/:s", { params: { p, s: last.id } });
  } catch (error) {
    if (isTransient(error)) return last;
    throw error;
  }
}

function tooLong(view: ServiceView, goal: string): AppError {
  return new AppError("timeout", `${view.name} is not ${goal} after ${AWAIT_LIMIT_MS / 1000} s, but ${view.status}.`, {
    remedy: `The server goes on with it; look with \`slipway service show ${view.name}\`.`,
  });
}

const WHOLE_ID_LENGTH = 36;

/** @throws AppError `not_found`, `conflict` when the start of an id fits none or several deployments */
export async function wholeId({ client, p }: ProjectScope, s: string, start: string): Promise<string> {
  if (start.length >= WHOLE_ID_LENGTH) return start;
  const all = await client.calls.all("GET /api/projects/:p/services/:s/deployments", { params: { p, s } });
  const fitting = all.filter(({ id }) => id.startsWith(start));
  const remedy = `\`slipway service deployments ${s}\` shows them.`;
  const [only] = fitting;
  if (only === undefined)
    throw new AppError("not_found", `${s} has no deployment that starts with ${start}.`, { remedy });
  if (fitting.length > 1)
    throw new AppError("conflict", `${fitting.length} deployments of ${s} start with ${start}.`, { remedy });
  return only.id;
}
