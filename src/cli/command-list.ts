/**
 * All commands: their words, one line about each, and the file that holds it, loaded only when it is called. To add a
 * command, write src/cli/commands/<noun>-<verb>.ts and a row here; help and completion follow from it.
 */

import type { CommandEntry } from "./command-entry.ts";
import { PEOPLE_COMMANDS } from "./people-commands.ts";
import { PROJECT_COMMANDS } from "./project-commands.ts";

export const COMMANDS: readonly CommandEntry[] = [
  {
    words: "new",
    group: "Functions",
    summary: "Make a folder with a function from a runtime's template",
    load: async () => (await import("./commands/new.ts")).createNewCommand,
  },
  {
    words: "up",
    group: "Functions",
    summary: "Build folders, start them, and print their URLs",
    load: async () => (await import("./commands/up.ts")).createUpCommand,
  },
  {
    words: "build",
    group: "Functions",
    summary: "Build folders and start nothing",
    load: async () => (await import("./commands/build.ts")).createBuildCommand,
  },
  {
    words: "deploy",
    group: "Functions",
    summary: "Upload and start a folder or archive, or start what was built last",
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
    words: "scale",
    group: "Functions",
    summary: "Show or set how many instances a function has",
    load: async () => (await import("./commands/scale.ts")).createScaleCommand,
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
    words: "purge",
    group: "Functions",
    summary: "Delete functions with their images and secrets",
    load: async () => (await import("./commands/purge.ts")).createPurgeCommand,
  },
  {
    words: "test",
    group: "Functions",
    summary: "Build a folder here and run its manifest's test",
    load: async () => (await import("./commands/test.ts")).createTestCommand,
  },
  {
    words: "dev",
    group: "Functions",
    summary: "Run a folder here and take what is saved at once",
    load: async () => (await import("./commands/dev.ts")).createDevCommand,
  },
  {
    words: "export",
    group: "Functions",
    summary: "Write a function as a folder for plain Docker, or a project as YAML",
    load: async () => (await import("./commands/export.ts")).createExportCommand,
  },
  {
    words: "secret set",
    group: "Functions",
    summary: "Set a secret of a function",
    load: async () => (await import("./commands/secret-set.ts")).createSecretSetCommand,
  },
  {
    words: "secret list",
    group: "Functions",
    summary: "List the secrets that are set, without their values",
    load: async () => (await import("./commands/secret-list.ts")).createSecretListCommand,
  },
  {
    words: "secret delete",
    group: "Functions",
    summary: "Delete a secret",
    load: async () => (await import("./commands/secret-delete.ts")).createSecretDeleteCommand,
  },
  ...PROJECT_COMMANDS,
  {
    words: "runtime list",
    group: "Runtimes",
    summary: "List the runtimes",
    load: async () => (await import("./commands/runtime-list.ts")).createRuntimeListCommand,
  },
  {
    words: "runtime show",
    group: "Runtimes",
    summary: "Show a runtime's Dockerfile and the list of its files",
    load: async () => (await import("./commands/runtime-show.ts")).createRuntimeShowCommand,
  },
  {
    words: "runtime add",
    group: "Runtimes",
    summary: "Make a Dockerfile or a folder a runtime",
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
    words: "upgrade",
    group: "Server",
    summary: "Upgrade the server to a newer version",
    load: async () => (await import("./commands/upgrade.ts")).createUpgradeCommand,
  },
  {
    words: "backup",
    group: "Server",
    summary: "Write everything the server keeps into a file",
    load: async () => (await import("./commands/backup.ts")).createBackupCommand,
  },
  {
    words: "restore",
    group: "Server",
    summary: "Take a server back to the state of a backup",
    load: async () => (await import("./commands/restore.ts")).createRestoreCommand,
  },
  {
    words: "system about",
    group: "Server",
    summary: "Show the versions of server and engine",
    load: async () => (await import("./commands/system-about.ts")).createSystemAboutCommand,
  },
  {
    words: "system status",
    group: "Server",
    summary: "Show how busy and full the server's machine is",
    load: async () => (await import("./commands/system-status.ts")).createSystemStatusCommand,
  },
  {
    words: "system settings",
    group: "Server",
    summary: "Show or change the settings of the server",
    load: async () => (await import("./commands/system-settings.ts")).createSystemSettingsCommand,
  },
  {
    words: "base build",
    group: "Server",
    summary: "Make the base images of the built-in runtimes without a registry",
    load: async () => (await import("./commands/base-build.ts")).createBaseBuildCommand,
  },
  {
    words: "registry login",
    group: "Server",
    summary: "Keep a login for a registry of images",
    load: async () => (await import("./commands/registry-login.ts")).createRegistryLoginCommand,
  },
  {
    words: "registry list",
    group: "Server",
    summary: "List the registries with a login",
    load: async () => (await import("./commands/registry-list.ts")).createRegistryListCommand,
  },
  {
    words: "registry logout",
    group: "Server",
    summary: "Forget the login for a registry",
    load: async () => (await import("./commands/registry-logout.ts")).createRegistryLogoutCommand,
  },
  ...PEOPLE_COMMANDS,
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
    words: "schema",
    group: "This machine",
    summary: "Print the JSON Schema of a slipway.yml, for editors",
    load: async () => (await import("./commands/schema.ts")).createSchemaCommand,
  },
  {
    words: "completion",
    group: "This machine",
    summary: "Print the completion script for a shell",
    load: async () => (await import("./commands/completion.ts")).createCompletionCommand,
  },
];
