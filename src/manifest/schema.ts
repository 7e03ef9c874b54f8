/**
 * Every field of a manifest: its shape, its range and one line about it. The only place that says so; the reader, the
 * JSON Schema for editors and the table in docs/guides/the-manifest.md are made from it.
 */

import { z } from "zod";
import {
  DEFAULT_HEALTH_INTERVAL_MS,
  DEFAULT_HEALTH_TIMEOUT_MS,
  DEFAULT_START_MS,
  DEFAULT_TIMEOUT_MS,
  ISOLATIONS,
} from "../domain/deployment.ts";
import { isAppError } from "../domain/errors.ts";
import { MAX_REPLICAS } from "../domain/manifest.ts";
import { requireServiceName } from "../domain/names.ts";
import {
  CAPABILITY,
  CRON,
  HOST,
  NETWORK,
  ONE_LINE,
  ROUTE_PATH,
  RUNTIME,
  SECRET,
  SERVICE_NAME,
  URL_PATH,
  VARIABLE,
  VOLUME,
} from "./patterns.ts";
import { shown } from "./shown.ts";

/** Timers count no further than 24 days. */
export const DAY_MS = 86_400_000;
const MAX_TIMEOUT_MS = 900_000;
/** 16 TiB. */
export const MAX_MEMORY_MB = 16_777_216;
export const MAX_CPU = 1024;

export const whole = (from: number, to: number) => z.int().min(from).max(to);
export const matching = (pattern: RegExp, what: string) => z.string().regex(pattern, { error: what });

/** What a value of several shapes must be, and what it is. */
const mustBe =
  (what: string) =>
  ({ input }: { readonly input?: unknown }): string =>
    input === null ? `is empty: it must be ${what}, "" for an empty one` : `must be ${what}, not ${shown(input)}`;

/** A text, or a number or boolean of YAML that is meant as one. */
export const written = z
  .union([z.string(), z.number(), z.boolean()], { error: mustBe("a text or a number") })
  .transform((value) => String(value));
export const variables = z.record(
  matching(VARIABLE, "is no name of a variable: use letters, digits and _, not starting with a digit"),
  written,
);
const secretNames = z.array(matching(SECRET, "is no name of a secret: use letters, digits, . _ and -"));
export const serviceName = z.string().regex(SERVICE_NAME, { error: ({ input }) => nameProblem(String(input)) });
export const path = matching(URL_PATH, "is no path: write it as /ping, all else as %XX");

/** Why it can't be a service's name, and the nearest one that can. */
function nameProblem(name: string): string {
  try {
    requireServiceName(name);
  } catch (error) {
    if (!isAppError(error)) throw error;
    const [why] = error.fields?.name ?? [error.message];
    return error.remedy === undefined ? String(why) : `${why}. ${error.remedy.replace(/\.$/, "")}`;
  }
  return `${JSON.stringify(name)} is no name of a service`;
}

export const health = z.strictObject({
  path: path.describe("HTTP path that answers 2xx or 3xx when the instance is well"),
  intervalMs: whole(100, DAY_MS)
    .optional()
    .meta({ description: "Between two looks", default: DEFAULT_HEALTH_INTERVAL_MS }),
  timeoutMs: whole(50, DAY_MS).optional().meta({ description: "For one look", default: DEFAULT_HEALTH_TIMEOUT_MS }),
  startMs: whole(100, DAY_MS)
    .optional()
    .meta({ description: "How long it may take to become ready", default: DEFAULT_START_MS }),
});

const scale = z
  .strictObject({
    min: whole(1, MAX_REPLICAS).optional().meta({ description: "Instances that always run", default: 1 }),
    max: whole(1, MAX_REPLICAS).optional().describe("Most instances; not less than min. Kept, without effect yet"),
    concurrency: whole(0, 100_000)
      .optional()
      .describe("Requests at once per instance, 0: any. Kept, without effect yet"),
    freezeAfterMs: whole(0, DAY_MS)
      .optional()
      .describe("Idle time until it is frozen, 0: never. Kept, without effect yet"),
    stopAfterMs: whole(0, DAY_MS)
      .optional()
      .describe("Idle time until it is stopped, 0: never. Kept, without effect yet"),
  })
  .refine(({ min, max }) => max === undefined || max >= (min ?? 1), {
    path: ["max"],
    error: "must not be less than min",
  });

export const resources = z.strictObject({
  cpu: z.number().min(0.01).max(MAX_CPU).optional().describe("Cores, e.g. 0.5. Absent: no limit"),
  memoryMb: whole(6, MAX_MEMORY_MB).optional().describe("MiB. Absent: the runtime's, else 512"),
});

const route = z
  .strictObject({
    host: matching(HOST, "is no host name: write it as hello.example.com").optional().describe("A domain of its own"),
    path: matching(ROUTE_PATH, "is no path: write it as /sum or /tools/sum")
      .optional()
      .describe("A path on the platform's own host; it is stripped"),
  })
  .refine((route) => (route.host === undefined) !== (route.path === undefined), {
    error: "takes either a host or a path: write {host: hello.example.com} or {path: /sum}",
  })
  .meta({ oneOf: [{ required: ["host"] }, { required: ["path"] }] });

const JSON_SCHEMA = z.union([z.record(z.string(), z.unknown()), z.boolean()], { error: mustBe("a JSON Schema") });

const deployTest = z
  .strictObject({
    path: path.optional().describe("A GET of this path …"),
    status: whole(100, 599).optional().meta({ description: "… answers this status", default: 200 }),
    body: written.optional().describe("… and this body, spaces around it aside"),
    input: z.unknown().optional().describe("This payload of a message function …"),
    output: z.unknown().optional().describe("… gives this one"),
  })
  .superRefine((test, context) => {
    const problem = testProblem(test);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  })
  .meta({
    oneOf: [{ required: ["path"] }, { required: ["output"] }],
    dependentRequired: { status: ["path"], body: ["path"], input: ["output"] },
  });

/** What is wrong with the fields of a test taken together. */
function testProblem(test: object): string | undefined {
  const has = (field: string): boolean => field in test;
  const isHttp = has("path") || has("status") || has("body");
  if (isHttp && (has("input") || has("output")))
    return "asks for a path and for an input: use path, status, body, or input, output";
  if (isHttp) return has("path") ? undefined : "has no path: write {path: /ping, status: 200, body: OK}, say";
  if (has("output")) return undefined;
  return has("input")
    ? "has an input and no output: write {input: 1, output: 2}, say"
    : "has neither a path nor an output: write {path: /ping, status: 200, body: OK}, say";
}

const schedule = z.strictObject({
  cron: matching(CRON, 'is no cron line: write five fields such as "*/5 * * * *"').describe(
    "Five fields, or six with seconds",
  ),
  input: z.unknown().optional().describe("Payload of each run"),
});

/** A file: slipway.yml or funko.yml. */
export const fileSchema = z.strictObject({
  name: serviceName.optional().describe("DNS label, the function answers under it. Absent: the folder's name"),
  runtime: matching(RUNTIME, "is no runtime: use a name such as node, or a folder such as ./my-runtime")
    .nullable()
    .optional()
    .describe(
      "Built in, registered, or a folder (`./my-runtime`). Absent: told from the files. null: the own Dockerfile",
    ),
  options: z
    .record(z.string(), z.union([written, z.array(written)], { error: mustBe("a text or a list of texts") }))
    .optional()
    .describe("What the runtime's templates are rendered with; its README says which it knows"),
  port: whole(1, 65_535).optional().describe("What the app listens on; PORT is set to it. Absent: found by looking"),
  handler: matching(ONE_LINE, "must be one line, such as ./hello.js")
    .optional()
    .describe("File, or file and function, of a message function"),
  env: variables.optional().describe("Environment variables"),
  secrets: secretNames.optional().describe("Secrets of the project it gets beside its own, as files `/secrets/<name>`"),
  services: z.array(serviceName).optional().describe("Services it is bound to. Kept, without effect yet"),
  schema: z
    .strictObject({
      in: JSON_SCHEMA.optional().describe("Of the input"),
      out: JSON_SCHEMA.optional().describe("Of the output"),
    })
    .optional()
    .describe("JSON Schemas of a message function. Kept, without effect yet"),
  health: health.optional().describe("Absent: the runtime's health check, else an open port"),
  scale: scale.optional().describe("How many instances"),
  resources: resources.optional().describe("Limits of one instance"),
  timeoutMs: whole(1, MAX_TIMEOUT_MS)
    .optional()
    .meta({ description: "How long an answer may take to begin", default: DEFAULT_TIMEOUT_MS }),
  routes: z.array(route).optional().describe("Where it answers beside its name"),
  networks: z
    .array(matching(NETWORK, "is no name of a network"))
    .optional()
    .describe("Networks of the engine it joins; the operator lists which may be"),
  volumes: z
    .array(matching(VOLUME, "is no volume: write it as ./data:/data, with :ro for read-only"))
    .optional()
    .describe("Data that stays, `./data:/data` or `./data:/data:ro`"),
  command: z.array(written).optional().describe("Instead of the image's own command"),
  capabilities: z
    .array(matching(CAPABILITY, "is no capability: write it as NET_BIND_SERVICE"))
    .optional()
    .describe("Linux capabilities it keeps; the operator lists which may be"),
  isolation: z.enum(ISOLATIONS).optional().meta({ description: "What separates it from the machine", default: "runc" }),
  schedule: z.array(schedule).optional().describe("When it runs by itself. Kept, without effect yet"),
  test: deployTest.optional().describe("Run after each build; the version takes traffic only when it passes"),
  build: z
    .strictObject({
      args: variables.optional().describe("Build arguments; they stay in the image's history"),
      secrets: secretNames
        .optional()
        .describe("Secrets a `RUN --mount=type=secret,id=<name>` can read; they stay nowhere"),
    })
    .optional()
    .describe("What the Dockerfile is given"),
});

/** The same over HTTP. */
export const partSchema = fileSchema.extend({
  replicas: whole(1, MAX_REPLICAS).optional().describe("Short for scale.min"),
});
