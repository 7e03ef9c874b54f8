/** Services, their containers and routes on the wire. */

import { z } from "zod";
import { SERVICE_STATUSES } from "../domain/service.ts";
import { MAX_REPLICAS } from "../domain/service-settings-rules.ts";
import type { Endpoint } from "./endpoint.ts";
import { pendingChangeSchema } from "./pending-changes.ts";
import { serviceCreateShape, serviceUpdateShape } from "./service-bodies.ts";
import { allOf, idText, listOf, namedSliceQuery, sliceQuery, time } from "./wire.ts";

export const serviceSchema = z
  .strictObject({
    id: z.string(),
    project_id: z.string(),
    name: z.string(),
    kind: z.enum(["function", "image"]),
    status: z.enum(SERVICE_STATUSES),
    icon_url: z.string().nullable(),
    private: z.boolean().describe("Not reachable through the gateway"),
    preset: z.string().nullable(),
    url: z.string().nullable().describe("The first of urls"),
    urls: z.array(z.string()).describe("Where the gateway serves it; none of a private one"),
    replicas: z.int().describe("Instances wanted now; 0 while it is stopped"),
    active_deployment_id: z.string().nullable(),
    active_deployment: z
      .strictObject({
        id: z.string(),
        service_id: z.string(),
        image: z.string().nullable(),
        replicas: z.int(),
        created_at: time,
      })
      .nullable(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: "Service" });

export const CONTAINER_STATUSES = ["created", "running", "stopped", "failed"] as const;

export const containerSchema = z
  .strictObject({
    id: z.string().describe("Stays over restarts of the same instance"),
    service_id: z.string(),
    deployment_id: z.string(),
    docker_container_id: z.string().nullable().describe("null: between a crash and the next start"),
    status: z.enum(CONTAINER_STATUSES).describe("created: coming up; stopped: leaving; failed: went bad"),
    created_at: time,
  })
  .meta({ id: "Container" });

export const routeSchema = z
  .strictObject({
    id: z.string(),
    service_id: z.string(),
    host: z.string().optional(),
    path: z.string().optional(),
    origin: z.enum(["manifest", "owner"]).describe("Who asked for it; those of a manifest change with it only"),
    created_at: time,
  })
  .meta({ id: "Route" });

const tags = ["services"] as const;

export const serviceEndpoints = {
  "POST /api/projects/:p/services": {
    tags,
    summary: "Create a service at once; with an image or a preset it is deployed, too",
    body: z.strictObject(serviceCreateShape),
    answers: { 201: serviceSchema },
  },
  "GET /api/projects/:p/services": {
    tags,
    summary: "Services of a project, functions among them, newest first",
    querystring: namedSliceQuery,
    answers: { 200: listOf(serviceSchema) },
  },
  "GET /api/projects/:p/services/:s": {
    tags,
    summary: "One service, by id or name",
    answers: { 200: serviceSchema },
  },
  "PATCH /api/projects/:p/services/:s": {
    tags,
    summary: "Stage changes of a service",
    body: z.strictObject(serviceUpdateShape),
    answers: { 200: pendingChangeSchema },
  },
  "DELETE /api/projects/:p/services/:s": {
    tags,
    summary: "Stage the deletion of a service",
    answers: { 200: pendingChangeSchema },
  },
  "POST /api/projects/:p/services/:s/start": {
    tags,
    summary: "Start a stopped service",
    answers: { 200: serviceSchema },
  },
  "POST /api/projects/:p/services/:s/stop": {
    tags,
    summary: "Stop a service; it keeps everything but its instances",
    answers: { 200: serviceSchema },
  },
  "POST /api/projects/:p/services/:s/restart": {
    tags,
    summary: "Replace its instances",
    answers: { 200: serviceSchema },
  },
  "POST /api/projects/:p/services/:s/scale": {
    tags,
    summary: "Run so many instances from now on",
    body: z.strictObject({
      replicas: z.int().min(0).max(MAX_REPLICAS).describe("0 stops it; the scale before comes back with a start"),
    }),
    answers: { 200: serviceSchema },
  },
  "POST /api/projects/:p/services/:s/rollback": {
    tags,
    summary: "Go back to an earlier deployment, the one before when none is named",
    body: z.strictObject({ deployment_id: idText.optional() }).nullish(),
    answers: { 200: serviceSchema },
  },
  "GET /api/projects/:p/services/:s/containers": {
    tags,
    summary: "What runs of a service, newest first",
    querystring: sliceQuery.extend({
      deployment_id: idText.optional(),
      status: z.enum(CONTAINER_STATUSES).optional(),
    }),
    answers: { 200: listOf(containerSchema) },
  },
  "GET /api/projects/:p/services/:s/routes": {
    tags: ["routes"],
    summary: "Domains and paths of a service beside its own name",
    answers: { 200: allOf(routeSchema) },
  },
  "POST /api/projects/:p/services/:s/routes": {
    tags: ["routes"],
    summary: "Give a service a domain or a path, at once",
    body: z
      .strictObject({
        host: z.string().max(300).optional().describe("Such as hello.example.com"),
        path: z.string().max(300).optional().describe("Such as /sum, on the platform's own host"),
      })
      .refine(({ host, path }) => (host === undefined) !== (path === undefined), {
        path: ["host"],
        message: "give either host or path",
      }),
    answers: { 201: routeSchema },
  },
  "DELETE /api/projects/:p/services/:s/routes/:id": {
    tags: ["routes"],
    summary: "Take a domain or a path away",
    answers: { 204: null },
  },
} satisfies Record<string, Endpoint>;
