/**
 * What the API shows of functions and runtimes; what is in the contract stands in src/api/. The views are made in
 * function-view.ts and runtimes.routes.ts.
 */

import { z } from "zod";
import { deploymentSchema } from "../api/deployments.ts";
import { SERVICE_STATUSES } from "../domain/service.ts";
import type { UploadStatus } from "../domain/status-words.ts";

const UPLOAD_STATUSES = ["building", "starting", "running", "failed", "stopped"] as const satisfies UploadStatus[];

const time = z.iso.datetime();

const instanceSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    deployment_id: z.string(),
    current: z.boolean().describe("false: out of date, something newer is built or its image was built again"),
    healthy: z.boolean(),
    state: z.enum(["waiting", "starting", "ready", "draining"]),
    started_at: time.nullable(),
    restart_count: z.int(),
    last_exit_code: z.int().nullable(),
    last_log_tail: z.string().nullable(),
  })
  .meta({ id: "Instance" });

export const functionSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    project: z.string(),
    kind: z.enum(["function", "image", "adopted"]).describe("adopted: started outside Slipway by its name"),
    status: z.enum([...SERVICE_STATUSES, "building"]),
    url: z.string(),
    urls: z.array(z.string()),
    runtime: z.string().nullable(),
    tag: z.string().nullable(),
    port: z.int().nullable(),
    private: z.boolean(),
    replicas: z.int().describe("Instances wanted now; 0 while it is stopped"),
    scale: z.int().describe("The same number"),
    saved_scale: z.int().describe("Instances it has when it runs; a start brings them back"),
    active_deployment_id: z.string().nullable(),
    latest_deployment: deploymentSchema.nullable(),
    error: z.string().nullable(),
    created_at: time,
    updated_at: time,
    instances: z.array(instanceSchema),
  })
  .meta({ id: "Function" });

const imageSchema = z
  .strictObject({ id: z.string(), tags: z.array(z.string()), created_at: time })
  .meta({ id: "Image" });

export const functionWithImagesSchema = functionSchema
  .extend({ images: z.array(imageSchema).describe("Kept for rollback, newest first") })
  .meta({ id: "FunctionWithImages" });

export const deployAnswerSchema = z
  .strictObject({
    function: functionSchema,
    deployment: deploymentSchema,
    detected: z.string().nullable().describe("What the source was taken for, when nothing said so"),
    unchanged: z.boolean().describe("The same source and settings serve already"),
    warnings: z.array(z.string()).optional().describe("What in the manifest nobody reads, for people"),
    message: z.string().optional().describe("What there is to say about it"),
  })
  .meta({ id: "DeployAnswer" });

export const scaleAnswerSchema = z
  .strictObject({
    function: functionSchema,
    unchanged: z.boolean().describe("It was at that scale already"),
  })
  .meta({ id: "ScaleAnswer" });

/** lambdaathome's LambdaFun: all strings; status, error and the log's address are ours. */
export const lambdaSchema = z
  .strictObject({
    name: z.string(),
    tag: z.string(),
    runtime: z.string(),
    port: z.string(),
    volume: z.string(),
    source: z.string(),
    id: z.string(),
    status: z.enum(UPLOAD_STATUSES),
    error: z.string().nullable(),
    buildLog: z.string(),
  })
  .meta({ id: "LambdaFun" });

export const runtimeSchema = z
  .strictObject({
    name: z.string(),
    description: z.string(),
    origin: z.enum(["builtin", "uploaded"]),
    protocol: z.enum(["http", "message"]),
    default_port: z.int(),
  })
  .meta({ id: "Runtime" });

export const runtimeWithContentSchema = runtimeSchema
  .extend({
    content: z.string().describe("The Dockerfile, as it was written"),
    files: z.array(z.string()).describe("Paths of all its files, sorted"),
    has_template: z.boolean().describe("A new function over it starts with some files"),
    health_path: z.string().nullable().describe("Tells whether an instance is well when its owner names no other"),
    options: z.record(z.string(), z.union([z.string(), z.array(z.string())])).describe("Options with their defaults"),
  })
  .meta({ id: "RuntimeWithContent" });

export type FunctionView = z.output<typeof functionSchema>;
export type InstanceView = z.output<typeof instanceSchema>;
export type ImageView = z.output<typeof imageSchema>;
export type LambdaView = z.output<typeof lambdaSchema>;
export type RuntimeView = z.output<typeof runtimeSchema>;
