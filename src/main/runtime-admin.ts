/** The runtime catalog with the rule that spans runtimes and functions: one in use stays. */

import type { FolderRuntimeCatalog } from "../builder/runtime-catalog.ts";
import { AppError } from "../domain/errors.ts";
import type { RuntimeAdmin, RuntimeSaveOptions } from "../domain/runtime.ts";
import type { ServiceStore } from "../domain/service.ts";

export function createRuntimeAdmin(catalog: FolderRuntimeCatalog, services: Pick<ServiceStore, "list">): RuntimeAdmin {
  const requireNew = async (name: string, { mustBeNew }: RuntimeSaveOptions = { mustBeNew: false }): Promise<void> => {
    const isTaken = mustBeNew && (await catalog.list()).some((r) => r.name === name && r.origin === "uploaded");
    if (!isTaken) return;
    throw new AppError("conflict", `There is a runtime ${name} already.`, {
      fields: { name: ["is taken"] },
      remedy: `Replace it with PUT /api/runtimes/${name}, or choose another name.`,
    });
  };
  return {
    get: (name) => catalog.get(name),
    list: () => catalog.list(),
    read: (name, context) => catalog.read(name, context),
    show: (name) => catalog.show(name),
    details: (name) => catalog.details(name),
    template: (name, context) => catalog.template(name, context),
    archive: (name) => catalog.archive(name),
    async saveDockerfile(name, content, options) {
      await requireNew(name, options);
      return catalog.saveUploaded(name, content);
    },
    async saveFile(name, path, options) {
      await requireNew(name, options);
      return catalog.saveFile(name, path);
    },
    async remove(name) {
      if (name === "default") throw new AppError("forbidden", "Cannot delete default runtime");
      const users = (await services.list({ kind: "function" })).filter((s) => s.runtime === name).map((s) => s.name);
      const isUploaded = (await catalog.get(name)).origin === "uploaded";
      if (isUploaded && users.length > 0) {
        throw new AppError(
          "conflict",
          `The runtime ${name} is used by ${users.slice(0, 5).join(", ")}${users.length > 5 ? " and others" : ""}.`,
          { remedy: "Delete these functions, or deploy them over another runtime, first." },
        );
      }
      await catalog.deleteUploaded(name);
    },
  };
}
