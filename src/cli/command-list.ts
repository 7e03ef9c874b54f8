/**
 * All commands: their words, one line about each, and the file that holds it, loaded only when it is called. To add a
 * command, write src/cli/commands/<noun>-<verb>.ts and a row here; help and completion follow from it.
 */

import type { Command } from "commander";
import type { CliContext } from "./cli-context.ts";

export type CommandFactory = (context: CliContext) => Command;
export type CommandGroup = "Server" | "Functions" | "Runtimes" | "This machine";

export type CommandEntry = {
  /** Words after `slipway`, e.g. `runtime list`. */
  readonly words: string;
  readonly summary: string;
  /** Under which heading the help lists it. */
  readonly group: CommandGroup;
  readonly load: () => Promise<CommandFactory>;
};

export const COMMANDS: readonly CommandEntry[] = [
  {
    words: "deploy",
    group: "Functions",
    summary: "Upload a folder or archive, build it, and wait until it answers",
    load: async () => (await import("./commands/deploy.ts")).createDeployCommand,
  },
  {
    words: "list",
    group: "Functions",
    summary: "List the functions",
    load: async () => (await import("./commands/list.ts")).createListCommand,
  },
  {
    words: "status",
    group: "Functions",
    summary: "Show functions with their instances and images",
    load: async () => (await import("./commands/status.ts")).createStatusCommand,
  },
  {
    words: "logs",
    group: "Functions",
    summary: "Show what a function's instances, or its last build, wrote",
    load: async () => (await import("./commands/logs.ts")).createLogsCommand,
  },
  {
    words: "start",
    group: "Functions",
    summary: "Start a stopped function",
    load: async () => (await import("./commands/start.ts")).createStartCommand,
  },
  {
    words: "stop",
    group: "Functions",
    summary: "Stop a function; everything but its instances is kept",
    load: async () => (await import("./commands/stop.ts")).createStopCommand,
  },
  {
    words: "restart",
    group: "Functions",
    summary: "Replace a function's instances by fresh ones",
    load: async () => (await import("./commands/restart.ts")).createRestartCommand,
  },
  {
    words: "rollback",
    group: "Functions",
    summary: "Go back to an earlier deployment",
    load: async () => (await import("./commands/rollback.ts")).createRollbackCommand,
  },
  {
    words: "deployments",
    group: "Functions",
    summary: "List a function's deployments, newest first",
    load: async () => (await import("./commands/deployments.ts")).createDeploymentsCommand,
  },
  {
    words: "delete",
    group: "Functions",
    summary: "Delete functions",
    load: async () => (await import("./commands/delete.ts")).createDeleteCommand,
  },
  {
    words: "runtime list",
    group: "Runtimes",
    summary: "List the runtimes",
    load: async () => (await import("./commands/runtime-list.ts")).createRuntimeListCommand,
  },
  {
    words: "runtime show",
    group: "Runtimes",
    summary: "Show a runtime's Dockerfile",
    load: async () => (await import("./commands/runtime-show.ts")).createRuntimeShowCommand,
  },
  {
    words: "runtime add",
    group: "Runtimes",
    summary: "Make a Dockerfile a runtime",
    load: async () => (await import("./commands/runtime-add.ts")).createRuntimeAddCommand,
  },
  {
    words: "runtime delete",
    group: "Runtimes",
    summary: "Delete an uploaded runtime",
    load: async () => (await import("./commands/runtime-delete.ts")).createRuntimeDeleteCommand,
  },
  {
    words: "server",
    group: "Server",
    summary: "Run the server in the foreground",
    load: async () => (await import("./commands/server.ts")).createServerCommand,
  },
  {
    words: "reload",
    group: "Server",
    summary: "Hand the server over to new code without losing a request",
    load: async () => (await import("./commands/reload.ts")).createReloadCommand,
  },
  {
    words: "base build",
    group: "Server",
    summary: "Make the base images of the built-in runtimes without a registry",
    load: async () => (await import("./commands/base-build.ts")).createBaseBuildCommand,
  },
  {
    words: "claim",
    group: "This machine",
    summary: "Take over a fresh server and store the login",
    load: async () => (await import("./commands/claim.ts")).createClaimCommand,
  },
  {
    words: "login",
    group: "This machine",
    summary: "Store the address of a server and a token for it",
    load: async () => (await import("./commands/login.ts")).createLoginCommand,
  },
  {
    words: "logout",
    group: "This machine",
    summary: "Forget the stored login",
    load: async () => (await import("./commands/logout.ts")).createLogoutCommand,
  },
  {
    words: "completion",
    group: "This machine",
    summary: "Print the completion script for a shell",
    load: async () => (await import("./commands/completion.ts")).createCompletionCommand,
  },
];
