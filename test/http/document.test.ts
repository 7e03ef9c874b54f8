import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Bench, openBench } from "./api-bench.ts";
import { checkOpenApi } from "./open-api.ts";

let bench: Bench;
before(async () => {
  bench = await openBench();
});
after(() => bench.close());

type Operation = {
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security?: readonly unknown[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
};
type Schema = {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
};
type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };

async function readDocument(): Promise<Document> {
  const answer = await bench.app.inject({ url: "/api/openapi.json" });
  assert.equal(answer.statusCode, 200);
  return answer.json();
}

/** Pages for people and the document itself. */
const HIDDEN = ["/", "/setup", "/api/docs", "/api/openapi.json"];

test("the document is valid OpenAPI 3.1 with nothing dangling", async () => {
  assert.deepEqual(checkOpenApi(await readDocument()), []);
});

test("every route is in it, with what it does, its parameters and its permission; nothing else is", async () => {
  const { paths } = await readDocument();
  const documented = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const shown = bench.routes.filter((route) => route.method !== "HEAD" && !HIDDEN.includes(route.url));
  const expected = shown.map((route) => `${route.method} ${route.url.replaceAll(/:(\w+)/g, "{$1}")}`);
  assert.deepEqual(documented.toSorted(), [...expected].toSorted());
  for (const { method, url, permission } of shown) {
    const operation = paths[url.replaceAll(/:(\w+)/g, "{$1}")]?.[method.toLowerCase()];
    assert.ok(operation !== undefined && operation.summary.length > 5 && operation.tags.length === 1, url);
    assert.deepEqual(operation.security, permission === "public" ? [] : undefined, url);
    const named = operation.parameters?.filter((parameter) => parameter.in === "path").map(({ name }) => name) ?? [];
    assert.deepEqual(
      named,
      [...url.matchAll(/:(\w+)/g)].map(([, name]) => name),
    );
  }
});

test("every operation says what it answers and that errors have one shape", async () => {
  const { paths } = await readDocument();
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, { responses }] of Object.entries(operations)) {
      const { default: error, ...good } = responses;
      assert.equal(
        error?.content?.["application/json"]?.schema.$ref,
        "#/components/schemas/Error",
        `${method} ${path}`,
      );
      assert.ok(Object.keys(good).length > 0 && Object.keys(good).every((status) => /^\d{3}$/.test(status)), path);
      for (const [status, { content }] of Object.entries(good))
        assert.equal(content === undefined, ["101", "204"].includes(status), `${method} ${path} ${status}`);
    }
  }
});

test("uploads are described as forms with their fields", async () => {
  const { paths } = await readDocument();
  const form = (path: string) => paths[path]?.post?.requestBody?.content["multipart/form-data"]?.schema;
  assert.deepEqual(Object.keys(form("/function/upload")?.properties ?? {}), [
    "name",
    "tag",
    "runtime",
    "port",
    "volume",
    "file",
  ]);
  assert.deepEqual(form("/function/upload")?.required, ["name", "tag", "runtime", "port", "file"]);
  assert.deepEqual(Object.keys(form("/runtime/upload/{name}")?.properties ?? {}), ["file"]);
  assert.deepEqual(form("/api/functions")?.required, ["source"]);
  const json = paths["/api/functions"]?.post?.requestBody?.content["application/json"]?.schema;
  assert.deepEqual(json?.required, ["name", "code"]);
});

test("the reader shows the document without anything from elsewhere", async () => {
  const answer = await bench.app.inject({ url: "/api/docs" });
  assert.equal(answer.statusCode, 200);
  assert.match(String(answer.headers["content-type"]), /^text\/html/);
  assert.match(answer.body, /\/api\/openapi\.json/);
  assert.doesNotMatch(answer.body, /(?:src|href)="(?:https?:)?\/\//);
});
