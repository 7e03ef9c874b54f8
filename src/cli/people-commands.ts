/** The commands about who may sign in, and who did what; a part of the table in command-list.ts. */

import type { CommandEntry } from "./command-entry.ts";

export const PEOPLE_COMMANDS: readonly CommandEntry[] = [
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
];
