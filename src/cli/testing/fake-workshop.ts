/** A local workshop for the tests of commands that need its runtimes only: templates as they lie there, `{{ name }}` filled in. */

import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { AppError } from "../../domain/errors.ts";
import type { ContextFile } from "../../domain/runtime.ts";
import type { LocalRuntimes, Workshop } from "../../domain/workshop.ts";

const BUILT_IN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  node: { "index.js": "// {{ name }}\n", "slipway.yml": "name: {{ name }}\nruntime: node\n" },
  static: { "index.html": "<h1>{{ name }}</h1>\n" },
};

export class FakeRuntimes implements LocalRuntimes {
  /** Arguments of each `stageFolder`. */
  readonly staged: unknown[] = [];

  async list() {
    return Object.keys(BUILT_IN).map((name) => ({ name, description: `${name} functions` }));
  }

  async openTemplate(runtime: string, { name, cwd }: { readonly name: string; readonly cwd: string }) {
    const files = BUILT_IN[runtime] ?? (await readFolder(join(resolve(cwd, runtime), "template")));
    return Object.entries(files).map(
      ([path, text]): ContextFile => ({ path, mode: 0o644, content: Buffer.from(text.replaceAll("{{ name }}", name)) }),
    );
  }

  async stageFolder(...given: Parameters<LocalRuntimes["stageFolder"]>) {
    this.staged.push(given);
    return {
      defaults: { runtime: null, port: 3000, resources: { memoryMb: 64 } },
      async *open() {
        yield Buffer.from("merged");
      },
    };
  }
}

/** To be handed over as `CliDeps.openWorkshop`. */
export function openFakeWorkshop(runtimes = new FakeRuntimes()): () => Promise<Workshop> {
  const missing = (): never => {
    throw new AppError("internal", "This workshop has runtimes only.");
  };
  const parts = {
    runtimes,
    get builds(): never {
      return missing();
    },
    get functions(): never {
      return missing();
    },
    get secrets(): never {
      return missing();
    },
    get dev(): never {
      return missing();
    },
    close: async () => undefined,
  };
  return async () => parts;
}

async function readFolder(folder: string): Promise<Readonly<Record<string, string>>> {
  const files: Record<string, string> = {};
  for (const name of await readdir(folder)) files[name] = await readFile(join(folder, name), "utf8");
  return files;
}
