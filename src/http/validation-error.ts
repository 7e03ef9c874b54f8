/** What a zod schema has against a request, as an error that names each field and what it must be. */

import { AppError } from "../domain/errors.ts";

/** What a zod schema has against a value, as its Fastify binding tells it. */
export type Issue = {
  readonly keyword?: string;
  readonly instancePath?: string;
  readonly message?: string;
  readonly params?: Constraint;
};

type Constraint = {
  readonly expected?: string;
  readonly origin?: string;
  readonly keys?: readonly string[];
  readonly values?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?: string;
  /** What each alternative of a union has against it. */
  readonly errors?: readonly (readonly ZodIssue[])[];
};

type ZodIssue = Constraint & {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
};

/** @param context which part of the request it is about */
export function validationError(issues: readonly Issue[], context: string | undefined): AppError {
  const noInteger = context === "querystring" ? issues.find(isNoInteger) : undefined;
  if (noInteger !== undefined) {
    const field = fieldOf(noInteger);
    const message = `Query param "${field}" must be an integer.`;
    return new AppError("invalid", message, { fields: { [field]: ["must be an integer"] } });
  }
  // A map: a field may be called `constructor`.
  const fields = new Map<string, readonly string[]>();
  const add = (field: string, message: string): void => {
    fields.set(field, [...(fields.get(field) ?? []), message]);
  };
  for (const issue of issues.flatMap(nearestAlternative)) {
    const field = fieldOf(issue);
    if (issue.keyword === "unrecognized_keys")
      for (const key of issue.params?.keys ?? []) add(field === "" ? key : `${field}.${key}`, "is not known");
    else add(field || "body", textOf(issue));
  }
  return new AppError("unprocessable", "Validation failed.", { fields: Object.fromEntries(fields) });
}

/** Of a union the alternative that was meant: the one whose fault lies deepest. Itself when none was come near to. */
function nearestAlternative(issue: Issue): readonly Issue[] {
  const depthOf = (alternative: readonly ZodIssue[]): number =>
    Math.max(...alternative.map(({ path, code }) => path.length + (code === "unrecognized_keys" ? 1 : 0)));
  const [nearest] = (issue.params?.errors ?? []).toSorted((a, b) => depthOf(b) - depthOf(a));
  if (nearest === undefined || depthOf(nearest) === 0) return [issue];
  const base = issue.instancePath === "/" ? "" : (issue.instancePath ?? "");
  return nearest.map(({ code, path, message, ...params }) => ({
    keyword: code,
    instancePath: [base, ...path.map(String)].join("/"),
    message,
    params,
  }));
}

function isNoInteger({ keyword, params }: Issue): boolean {
  if (keyword === "too_big" || keyword === "too_small") return params?.origin === "int";
  return keyword === "invalid_type" && (params?.expected === "number" || params?.expected === "int");
}

/** `/ports/0/host_port` as `ports[0].host_port`. */
function fieldOf({ instancePath = "" }: Issue): string {
  const [first = "", ...rest] = instancePath.replace(/^\//, "").split("/");
  return rest.reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : `${path}.${part}`), first);
}

const KINDS: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

const SIZES: Readonly<Record<string, string>> = { string: " characters", array: " entries" };

/** What the value must be. */
function textOf({ keyword, message = "is not valid", params = {} }: Issue): string {
  const { expected = "", values = [], origin = "", minimum, maximum, format } = params;
  if (keyword === "invalid_type") {
    if (message.endsWith("received undefined")) return "is required";
    return `must be ${KINDS[expected] ?? expected}`;
  }
  if (keyword === "invalid_value") return `must be ${values.map((value) => JSON.stringify(value)).join(" or ")}`;
  const size = SIZES[origin];
  const must = size === undefined ? "must be" : "must have";
  if (keyword === "too_big") return `${must} at most ${maximum}${size ?? ""}`;
  if (keyword === "too_small") return `${must} at least ${minimum}${size ?? ""}`;
  if (keyword === "invalid_format" && format === "datetime") return "must be a time such as 2026-01-31T12:00:00Z";
  return message;
}
