/**
 * Writes docs/configuration.md, docs/slipway.schema.json, docs/project.schema.json, the table in docs/guides/the-manifest.md and the picture in
 * ARCHITECTURE.md out of the code; `--check` fails when they are stale.
 */

import { readFile, writeFile } from "node:fs/promises";
import { cruise } from "dependency-cruiser";
import extractConfig from "dependency-cruiser/config-utl/extract-depcruise-config";
import extractTsConfig from "dependency-cruiser/config-utl/extract-ts-config";
import { envNameOf, SERVER_OPTIONS, type ServerOption } from "../../src/domain/server-options.ts";
import { fileJsonSchema } from "../../src/manifest/json-schema.ts";
import { YamlProjectDocuments } from "../../src/manifest/project-document-reader.ts";
import { manifestTable } from "./manifest-table.ts";

const START = "<!-- generated: folders -->";
const END = "<!-- end of generated -->";

function configurationPage(): string {
  const rows = (SERVER_OPTIONS as readonly ServerOption[]).map((option) => {
    const variables = [envNameOf(option.name), ...(option.alsoEnv ?? [])].map((name) => `\`${name}\``).join(", ");
    const fallback = option.fallback === "" ? "–" : `\`${option.fallback}\``;
    const choices = option.choices === undefined ? "" : ` (${option.choices.join(", ")})`;
    return `| \`--${option.name}\` | ${variables} | ${option.kind} | ${fallback} | ${option.help.replaceAll("<", "&lt;")}${choices} |`;
  });
  return `# Configuration

Every option of \`slipway server\` is a flag and an environment variable; the flag wins. Durations are written \`30s\`, \`500ms\`,
\`2m\`, \`1h\` (a bare number means seconds), sizes \`256MiB\`, \`1GiB\`. All values that can't be used are named at once, and the
server does not start. The seeds' flags with one dash (\`-addr\`, \`-db\`, \`-log-level\` …) work too.

| flag | variable | kind | default | meaning |
|---|---|---|---|---|
${rows.join("\n")}

The command line reads \`SLIPWAY_URL\` and \`SLIPWAY_TOKEN\`, else what \`slipway login\` stored.
`;
}

/** One arrow for each pair of folders, leaf folders of src/ only. */
async function folderPicture(): Promise<string> {
  const configuration = await extractConfig("./.dependency-cruiser.cjs");
  const { output } = await cruise(["src"], { ...configuration.options, collapse: "^src/[^/]+" }, undefined, {
    tsConfig: extractTsConfig("tsconfig.json"),
  });
  if (typeof output === "string") throw new Error("dependency-cruiser answered in a form this script does not know");
  const arrows = new Set<string>();
  for (const { source, dependencies } of output.modules) {
    for (const { resolved } of dependencies) {
      const [from, to] = [folderOf(source), folderOf(resolved)];
      if (from !== undefined && to !== undefined && from !== to && to !== "lib") arrows.add(`  ${from} --> ${to}`);
    }
  }
  return `${START}\n\`\`\`mermaid\ngraph TD\n${[...arrows].toSorted().join("\n")}\n\`\`\`\n(\`src/lib\` is used by all and left out.)\n${END}`;
}

function folderOf(path: string): string | undefined {
  return /^src\/([^/.]+)/.exec(path)?.[1];
}

/** The page with what stands between the marks replaced. */
async function pageWith(path: string, start: string, text: string): Promise<string> {
  const page = await readFile(path, "utf8");
  const before = page.indexOf(start);
  const after = page.indexOf(END, before);
  if (before < 0 || after < 0) throw new Error(`${path} has lost its place for what is generated`);
  return page.slice(0, before) + text + page.slice(after + END.length);
}

const FIELDS = "<!-- generated: fields -->";
const GUIDE = "docs/guides/the-manifest.md";

const pages = {
  "docs/configuration.md": configurationPage(),
  "docs/slipway.schema.json": `${JSON.stringify(fileJsonSchema(), null, 2)}\n`,
  "docs/project.schema.json": `${JSON.stringify(await new YamlProjectDocuments().jsonSchema(), null, 2)}\n`,
  [GUIDE]: await pageWith(GUIDE, FIELDS, `${FIELDS}\n${manifestTable(fileJsonSchema())}\n${END}`),
  "ARCHITECTURE.md": await pageWith("ARCHITECTURE.md", START, await folderPicture()),
};
for (const [path, text] of Object.entries(pages)) {
  if (!process.argv.includes("--check")) {
    await writeFile(path, text);
    continue;
  }
  if ((await readFile(path, "utf8")) === text) continue;
  console.error(`${path} is stale. Run: node script/lib/generate-docs.ts`);
  process.exitCode = 1;
}
