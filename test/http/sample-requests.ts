/** What tests that go over the whole table of routes put into paths and bodies. */

/** A body that a route takes, where it can't do without; by the end of its path, then by its method. */
const BODIES: readonly (readonly [pattern: RegExp, body: object])[] = [
  [/^POST .*\/scale$/, { replicas: 1 }],
  [/^POST .*\/env-vars$/, { key: "A", value: "1" }],
  [/^PATCH .*\/env-vars\/:id$/, { value: "2" }],
  [/^POST .*\/pending-changes$/, { op: "project.update", payload: { name: "Other" } }],
  [/^POST .*\/routes$/, { host: "sample.example.com" }],
  [/^POST \/api\/projects\/:p\/services$/, { name: "sample" }],
  [/^PATCH /, { name: "other" }],
];

export function sampleBody(method: string, url: string): object | undefined {
  return BODIES.find(([pattern]) => pattern.test(`${method} ${url}`))?.[1];
}

/** The path with its parameters filled in: the first pattern that fits a part of the path, else its name's value. */
export function samplePath(url: string, values: Readonly<Record<string, string>>): string {
  return url.replaceAll(/([\w.-]+)\/:(\w+)/g, (_, noun: string, name: string) => {
    const value = values[`${noun}/${name}`] ?? values[name];
    return `${noun}/${value ?? "nothing"}`;
  });
}
