/** Deployments and builds on the wire. */

import { z } from "zod";
import { BUILD_STATUSES } from "../domain/build.ts";
import { DEPLOYMENT_STATUSES, RESTART_POLICIES } from "../domain/deployment.ts";
import type { Endpoint } from "./endpoint.ts";
import { settingsShape } from "./settings.ts";
import { listOf, sliceQuery, time } from "./wire.ts";

export const buildSchema = z
  .strictObject({
    id: z.string(),
    status: z.enum(BUILD_STATUSES),
    was_cached: z.boolean().describe("An image of the same content was there already"),
    error: z.string().nullable(),
    started_at: time.nullable(),
    finished_at: time.nullable(),
  })
  .meta({ id: "Build" });

export const deploymentSchema = z
  .strictObject({
    id: z.string(),
    service_id: z.string(),
    service: z.string().describe("Its name"),
    function: z.string().nullable().describe("The same name, of a function"),
    status: z.enum(DEPLOYMENT_STATUSES),
    active: z.boolean().describe("It is the one that serves"),
    image: z.string().nullable(),
    runtime: z.string().nullable(),
    source_id: z.string().nullable(),
    env_vars: z.record(z.string(), z.string()).describe("What its instances get, references resolved"),
    replicas: z.int(),
    resources: z.strictObject({ cpu_shares: z.int().nullable(), memory_mb: z.int().nullable() }),
    command: z.array(z.string()),
    health: z
      .strictObject({ path: z.string(), interval_ms: z.int(), timeout_ms: z.int(), start_ms: z.int() })
      .nullable(),
    volumes: z.array(z.strictObject({ source: z.string(), target: z.string(), read_only: z.boolean() })),
    ports: z.array(
      z.strictObject({ container_port: z.int(), host_port: z.int().optional(), protocol: z.enum(["tcp", "udp"]) }),
    ),
    restart: z.enum(RESTART_POLICIES),
    failure_reason: z.string().nullable(),
    exit_code: z.int().nullable(),
    log_tail: z.string().nullable(),
    attempt_count: z.int(),
    build: buildSchema.nullable(),
    created_at: time,
    started_at: time.nullable(),
    healthy_at: time.nullable(),
  })
  .meta({ id: "Deployment" });

const deploymentBody = z
  .strictObject({
    ...settingsShape,
    env_vars: z
      .record(z.string().max(300), z.string())
      .optional()
      .describe("For this deployment, over what project, group and service keep"),
  })
  .nullish();

const tags = ["deployments"] as const;

export const deploymentEndpoints = {
  "POST /api/projects/:p/services/:s/deployments": {
    tags,
    summary: "Deploy a service anew; what is left out is as in its newest deployment. A function: its newest build",
    body: deploymentBody,
    answers: { 201: deploymentSchema },
  },
  "GET /api/projects/:p/services/:s/deployments": {
    tags,
    summary: "Deployments of a service, newest first",
    querystring: sliceQuery,
    answers: { 200: listOf(deploymentSchema) },
  },
  "GET /api/projects/:p/services/:s/deployments/:d": {
    tags,
    summary: "One deployment",
    answers: { 200: deploymentSchema },
  },
  "POST /api/projects/:p/services/:s/deployments/:d/cancel": {
    tags,
    summary: "Cancel a deployment that is coming up",
    answers: { 200: deploymentSchema },
  },
} satisfies Record<string, Endpoint>;
