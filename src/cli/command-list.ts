/**
 * All commands: their words, one line about each, and the file that holds it, loaded only when it is called. To add a
 * command, write src/cli/commands/<noun>-<verb>.ts and a row here; help and completion follow from it.
 */

import type { Command } from "commander";
import type { CliContext } from "./cli-context.ts";

export type CommandFactory = (context: CliContext) => Command;
export type CommandGroup = "Server" | "Functions" | "Projects" | "Runtimes" | "This machine" | "People";

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
  {
    words: "project list",
    group: "Projects",
    summary: "List the projects",
    load: async () => (await import("./commands/project-list.ts")).createProjectListCommand,
  },
  {
    words: "project create",
    group: "Projects",
    summary: "Create a project",
    load: async () => (await import("./commands/project-create.ts")).createProjectCreateCommand,
  },
  {
    words: "project show",
    group: "Projects",
    summary: "Show a project with its services",
    load: async () => (await import("./commands/project-show.ts")).createProjectShowCommand,
  },
  {
    words: "project use",
    group: "Projects",
    summary: "Choose the project that later commands mean",
    load: async () => (await import("./commands/project-use.ts")).createProjectUseCommand,
  },
  {
    words: "project delete",
    group: "Projects",
    summary: "Delete a project with all its services",
    load: async () => (await import("./commands/project-delete.ts")).createProjectDeleteCommand,
  },
  {
    words: "service list",
    group: "Projects",
    summary: "List the services of a project, functions and images",
    load: async () => (await import("./commands/service-list.ts")).createServiceListCommand,
  },
  {
    words: "service create",
    group: "Projects",
    summary: "Create a service from an image or a preset",
    load: async () => (await import("./commands/service-create.ts")).createServiceCreateCommand,
  },
  {
    words: "service show",
    group: "Projects",
    summary: "Show everything about a service",
    load: async () => (await import("./commands/service-show.ts")).createServiceShowCommand,
  },
  {
    words: "service update",
    group: "Projects",
    summary: "Stage changes of a service",
    load: async () => (await import("./commands/service-update.ts")).createServiceUpdateCommand,
  },
  {
    words: "service delete",
    group: "Projects",
    summary: "Stage the deletion of a service",
    load: async () => (await import("./commands/service-delete.ts")).createServiceDeleteCommand,
  },
  {
    words: "service deploy",
    group: "Projects",
    summary: "Deploy a service anew",
    load: async () => (await import("./commands/service-deploy.ts")).createServiceDeployCommand,
  },
  {
    words: "service deployments",
    group: "Projects",
    summary: "List a service's deployments, newest first",
    load: async () => (await import("./commands/service-deployments.ts")).createServiceDeploymentsCommand,
  },
  {
    words: "service logs",
    group: "Projects",
    summary: "Show what a service's instances wrote",
    load: async () => (await import("./commands/service-logs.ts")).createServiceLogsCommand,
  },
  {
    words: "service start",
    group: "Projects",
    summary: "Start a stopped service",
    load: async () => (await import("./commands/service-start.ts")).createServiceStartCommand,
  },
  {
    words: "service stop",
    group: "Projects",
    summary: "Stop a service; everything but its instances is kept",
    load: async () => (await import("./commands/service-stop.ts")).createServiceStopCommand,
  },
  {
    words: "service restart",
    group: "Projects",
    summary: "Replace a service's instances by fresh ones",
    load: async () => (await import("./commands/service-restart.ts")).createServiceRestartCommand,
  },
  {
    words: "service scale",
    group: "Projects",
    summary: "Set how many instances a service has",
    load: async () => (await import("./commands/service-scale.ts")).createServiceScaleCommand,
  },
  {
    words: "service rollback",
    group: "Projects",
    summary: "Go back to an earlier deployment of a service",
    load: async () => (await import("./commands/service-rollback.ts")).createServiceRollbackCommand,
  },
  {
    words: "env list",
    group: "Projects",
    summary: "List variables, their values masked",
    load: async () => (await import("./commands/env-list.ts")).createEnvListCommand,
  },
  {
    words: "env set",
    group: "Projects",
    summary: "Stage values of variables",
    load: async () => (await import("./commands/env-set.ts")).createEnvSetCommand,
  },
  {
    words: "env unset",
    group: "Projects",
    summary: "Stage that variables go",
    load: async () => (await import("./commands/env-unset.ts")).createEnvUnsetCommand,
  },
  {
    words: "env import",
    group: "Projects",
    summary: "Stage the variables of a .env file",
    load: async () => (await import("./commands/env-import.ts")).createEnvImportCommand,
  },
  {
    words: "domain add",
    group: "Projects",
    summary: "Give a service a domain or a path",
    load: async () => (await import("./commands/domain-add.ts")).createDomainAddCommand,
  },
  {
    words: "domain list",
    group: "Projects",
    summary: "List domains and paths of services",
    load: async () => (await import("./commands/domain-list.ts")).createDomainListCommand,
  },
  {
    words: "domain remove",
    group: "Projects",
    summary: "Take a domain or a path away",
    load: async () => (await import("./commands/domain-remove.ts")).createDomainRemoveCommand,
  },
  {
    words: "changes list",
    group: "Projects",
    summary: "Show what is staged",
    load: async () => (await import("./commands/changes-list.ts")).createChangesListCommand,
  },
  {
    words: "changes apply",
    group: "Projects",
    summary: "Apply all that is staged, and wait until it serves",
    load: async () => (await import("./commands/changes-apply.ts")).createChangesApplyCommand,
  },
  {
    words: "changes discard",
    group: "Projects",
    summary: "Throw away all that is staged",
    load: async () => (await import("./commands/changes-discard.ts")).createChangesDiscardCommand,
  },
  {
    words: "changes remove",
    group: "Projects",
    summary: "Take one staged change out",
    load: async () => (await import("./commands/changes-remove.ts")).createChangesRemoveCommand,
  },
  {
    words: "apply",
    group: "Projects",
    summary: "Make a project what a YAML document says",
    load: async () => (await import("./commands/apply.ts")).createApplyCommand,
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
  {
    words: "user list",
    group: "People",
    summary: "List who may sign in",
    load: async () => (await import("./commands/user-list.ts")).createUserListCommand,
  },
  {
    words: "user create",
    group: "People",
    summary: "Add a user",
    load: async () => (await import("./commands/user-create.ts")).createUserCreateCommand,
  },
  {
    words: "user update",
    group: "People",
    summary: "Change a user's data, role or password",
    load: async () => (await import("./commands/user-update.ts")).createUserUpdateCommand,
  },
  {
    words: "user delete",
    group: "People",
    summary: "Remove a user",
    load: async () => (await import("./commands/user-delete.ts")).createUserDeleteCommand,
  },
  {
    words: "key list",
    group: "People",
    summary: "List your API keys",
    load: async () => (await import("./commands/key-list.ts")).createKeyListCommand,
  },
  {
    words: "key create",
    group: "People",
    summary: "Make an API key for a program",
    load: async () => (await import("./commands/key-create.ts")).createKeyCreateCommand,
  },
  {
    words: "key delete",
    group: "People",
    summary: "Delete one of your API keys",
    load: async () => (await import("./commands/key-delete.ts")).createKeyDeleteCommand,
  },
  {
    words: "audit",
    group: "People",
    summary: "Show who changed what, when, and from where",
    load: async () => (await import("./commands/audit.ts")).createAuditCommand,
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
