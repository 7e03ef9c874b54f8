/** `/api/system/backup` and `/restore`: the whole server as one archive, out and in. */

import { Readable } from "node:stream";
import { z } from "zod";
import type { Backups } from "../domain/backup.ts";
import { AppError } from "../domain/errors.ts";
import { type App, addRoute } from "./app.ts";
import { flag } from "./schemas.ts";
import { timeOf } from "./system-about.routes.ts";

const tags = ["system"];
const ARCHIVE = "application/gzip";

const backupQuery = z.object({ volumes: flag.describe("`1`: the volumes, too") });

const stagedSchema = z
  .strictObject({
    version: z.string().describe("Of the Slipway that made it"),
    server_id: z.string(),
    created_at: z.iso.datetime(),
    has_volumes: z.boolean(),
    files: z.int(),
    bytes: z.int(),
    previous: z.string().describe("Folder in the data directory that keeps what was there before"),
  })
  .meta({ id: "StagedRestore" });

export type BackupRoutesOptions = {
  readonly backups: Backups;
  /** Control starts again, and takes up what was staged. */
  readonly reload: () => Promise<void>;
};

export function backupRoutes(app: App, { backups, reload }: BackupRoutesOptions): void {
  addRoute(app, {
    method: "POST",
    url: "/api/system/backup",
    permission: "admin",
    schema: {
      tags,
      summary: "Everything the server keeps, as it is now",
      querystring: backupQuery,
      answers: { 200: { contentType: ARCHIVE, description: "A tar.gz; it ends with manifest.json" } },
    },
    handler: async (request, reply) => {
      const { volumes } = request.query as z.output<typeof backupQuery>;
      const bytes = await backups.write({ withVolumes: volumes });
      return reply.type(ARCHIVE).send(Readable.from(bytes, { objectMode: false }));
    },
  });
  // In a scope of its own: no other route takes a body that is not read before.
  app.register((scope, _options, added) => {
    scope.addContentTypeParser([ARCHIVE, "application/octet-stream"], (_request, _payload, done) => done(null));
    addRestore(scope, backups, reload);
    added();
  });
}

function addRestore(app: App, backups: Backups, reload: () => Promise<void>): void {
  addRoute(app, {
    method: "POST",
    url: "/api/system/restore",
    permission: "admin",
    schema: {
      tags,
      summary: "Take up the state of a backup; the body is the archive (application/gzip)",
      answers: { 202: stagedSchema },
    },
    handler: async (request, reply) => {
      const type = request.headers["content-type"] ?? "";
      if (!/^application\/(gzip|octet-stream)\b/.test(type)) {
        throw new AppError("unsupported_media_type", `The body must be ${ARCHIVE}.`, {
          remedy: "Send the file as it is: curl --data-binary @FILE -H 'Content-Type: application/gzip' …",
        });
      }
      const { header, files, bytes, previous } = await backups.stage(request.raw);
      await reload();
      return reply.status(202).send({
        version: header.slipway,
        server_id: header.serverId,
        created_at: timeOf(header.createdAt),
        ...{ has_volumes: header.hasVolumes, files, bytes, previous },
      } satisfies z.output<typeof stagedSchema>);
    },
  });
}
