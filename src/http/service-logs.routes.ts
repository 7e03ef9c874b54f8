/** `/api/projects/:p/services/:s/logs`: log lines of all instances as server-sent events (reference 1.8). */

import { z } from "zod";
import { AppError } from "../domain/errors.ts";
import type { InstanceRecord } from "../domain/instance.ts";
import type { ServiceLogs } from "../domain/operations.ts";
import type { Service } from "../domain/service.ts";
import type { Stores } from "../domain/stores.ts";
import { type App, addRoute } from "./app.ts";
import { logEvents, tailQuery } from "./log-events.ts";
import { sendEvents, untilClosed } from "./log-stream.ts";
import { findService } from "./project-finder.ts";

export type ServiceLogRoutesOptions = {
  readonly stores: Pick<Stores, "projects" | "services" | "instances">;
  readonly logs: ServiceLogs;
  readonly containerName: (service: Service, projectSlug: string, record: InstanceRecord) => string;
};

const params = z.object({ p: z.string().max(64), s: z.string().max(300) });
/** What is no number is wrong in the request, not in a field of a form: 400. */
const query = z.object({
  tail: z.string().optional().describe("Lines of past output, 500 when absent, at most 5000"),
  follow: z
    .string()
    .optional()
    .transform((value) => value !== "0" && value !== "false")
    .describe("`0` ends after the past lines"),
});

export function serviceLogRoutes(app: App, { stores, logs, containerName }: ServiceLogRoutesOptions): void {
  addRoute(app, {
    method: "GET",
    url: "/api/projects/:p/services/:s/logs",
    permission: "member",
    schema: {
      tags: ["services"],
      summary: "Log lines of all instances as server-sent events; follows unless follow=0",
      params,
      querystring: query,
      answers: {
        200: {
          contentType: "text/event-stream",
          description: "One `data:` per line, one when an instance has exited, `event: end` at the end",
        },
      },
    },
    handler: async (request, reply) => {
      const { tail, follow } = request.query as z.output<typeof query>;
      const what = { tail: tailOf(tail), follow };
      const { project, service } = await findService(stores, request.params as z.output<typeof params>);
      if ((await stores.instances.list({ serviceId: service.id })).length === 0)
        throw new AppError("not_found", `Nothing of ${service.name} runs.`, { remedy: "Start or deploy it first." });
      const signal = untilClosed(request, reply);
      const nameOf = (record: InstanceRecord): string => containerName(service, project.slug, record);
      return sendEvents(request, reply, logEvents(logs.read(service.id, what, signal), nameOf), signal);
    },
  });
}

/** @throws AppError `invalid` */
function tailOf(text: string | undefined): number {
  const parsed = tailQuery.safeParse(text === "" ? Number.NaN : text);
  if (parsed.success) return parsed.data;
  throw new AppError("invalid", 'Query param "tail" must be an integer.', { remedy: "Use a number from 0 to 5000." });
}
