/** The local workshop, put together. Nothing is read, made or asked of the engine before it is needed. */

import { homedir } from "node:os";
import { join } from "node:path";
import type { ManifestReader } from "../domain/manifest.ts";
import type { Workshop } from "../domain/workshop.ts";
import { readConfig } from "./config.ts";
import { EngineLocalBuilds } from "./local-builds.ts";
import { EngineLocalDev } from "./local-dev.ts";
import { openLocalEngine } from "./local-engine.ts";
import { FolderReader } from "./local-folder.ts";
import { EngineLocalFunctions } from "./local-functions.ts";
import { LocalImageMaker } from "./local-image-maker.ts";
import { FolderLocalRuntimes } from "./local-runtimes.ts";
import { LocalSources } from "./local-sources.ts";
import { LocalStarter } from "./local-starter.ts";
import { LocalStore } from "./local-store.ts";

/** @throws AppError `invalid` for options in the environment that can't be used */
export function openWorkshop(env: Readonly<Record<string, string | undefined>>, cwd: string): Workshop {
  const home = env.HOME ?? homedir();
  const { dockerSocket } = readConfig({ flags: {}, env, isRoot: process.getuid?.() === 0, cores: 1 });
  const engine = openLocalEngine(dockerSocket, env, home);
  const store = new LocalStore(join(home, ".local/share/slipway"));
  let opening: Promise<LocalSources> | undefined;
  const openSources = (): Promise<LocalSources> => {
    opening ??= LocalSources.open();
    return opening;
  };
  const runtimes = new FolderLocalRuntimes(openSources);
  const reader = new FolderReader({ openSources, runtimes, manifests: lazyManifests(), cwd });
  const maker = new LocalImageMaker({ engine, openSources, secrets: store, now: () => Date.now() });
  const starter = new LocalStarter(engine, store);
  const functions = new EngineLocalFunctions({ engine, store, starter });
  return {
    runtimes,
    builds: new EngineLocalBuilds({ engine, reader, maker, starter, functions, openSources, home, env }),
    functions,
    secrets: store,
    dev: new EngineLocalDev({ engine, reader, maker, starter }),
    async close() {
      await (await opening)?.close();
      opening = undefined;
    },
  };
}

/** The reader of manifests is loaded with the first one. */
function lazyManifests(): Pick<ManifestReader, "read"> {
  return {
    async read(text, file) {
      const { ZodManifestReader } = await import("../manifest/zod-manifest-reader.ts");
      return new ZodManifestReader().read(text, file);
    },
  };
}
