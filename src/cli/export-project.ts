/** A whole project as a document, its functions' sources in folders beside it. */

import { createWriteStream } from "node:fs";
import { access, mkdir, rm } from "node:fs/promises";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Manifest } from "../domain/manifest.ts";
import { isEqual } from "../domain/project-diff.ts";
import {
  type FunctionDocument,
  isFunctionDocument,
  type ProjectDocument,
  type ServiceDocument,
} from "../domain/project-document.ts";
import { writeFileAtomic } from "../lib/write-file.ts";
import type { CliContext } from "./cli-context.ts";
import { UsageError } from "./exit-codes.ts";
import { readSourceManifest } from "./function-manifest.ts";
import { Progress } from "./progress.ts";
import { openProject, type ProjectScope } from "./project-scope.ts";
import { openSource } from "./source-upload.ts";
import { unpackSource } from "./unpack-source.ts";

export type ProjectExport = { readonly file: string; readonly project?: string | undefined; readonly force: boolean };

export async function exportProject(wish: ProjectExport, context: CliContext): Promise<void> {
  const { deps, output } = context;
  const path = resolve(deps.cwd, wish.file);
  const folder = join(dirname(path), basename(path, extname(path)));
  if (!wish.force) await requireFree([path, folder], wish.file, deps.cwd);
  const scope = await openProject(context, wish.project);
  const { document } = await scope.client.calls.ask("GET /api/projects/:p/spec", { params: { p: scope.p } });
  const written = document as unknown as ProjectDocument;
  const progress = new Progress(deps, output.isJson);
  const services: Record<string, ServiceDocument> = {};
  const folders: string[] = [];
  try {
    for (const [name, service] of Object.entries(written.services ?? {})) {
      if (!isFunctionDocument(service) || service.sourceId === undefined) {
        services[name] = service;
        continue;
      }
      progress.step(`fetching the source of ${name}`);
      const source = await fetchSource(name, service.sourceId, join(folder, name), scope, context);
      folders.push(source);
      services[name] = await withSource(service, source, dirname(path), context);
    }
  } finally {
    progress.stop();
  }
  const text = await deps.documents.write({ ...written, services }, comment(scope));
  await writeFileAtomic(path, text, 0o600);
  output.note(`${wish.file} holds the values of variables, passwords among them: only you can read it; keep it so.`);
  output.result({ project: scope.project, file: path, sources: folders }, path);
}

function comment({ p, project }: ProjectScope): readonly string[] {
  return [
    `Project ${project.name} (${p}), written by \`slipway export -f\`. Make it so again: slipway apply -f FILE`,
    "It holds the values of variables, passwords among them: keep it safe. Secrets and stored data are not in it.",
  ];
}

/** @throws UsageError */
async function requireFree(paths: readonly string[], typed: string, cwd: string): Promise<void> {
  for (const path of paths) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (!isThere) continue;
    throw new UsageError(`${relative(cwd, path) || typed} is there already; nothing was written.`, {
      remedy: "Name another file, or replace it: add --force.",
    });
  }
}

/** A folder, or where a folder could not hold the same again (packages that are left out of uploads, say) an archive. */
async function fetchSource(
  name: string,
  sourceId: string,
  folder: string,
  { client, p }: ProjectScope,
  { deps, signal }: CliContext,
): Promise<string> {
  const ref = { name, project: p };
  await rm(folder, { recursive: true, force: true });
  await unpackSource(client.functionSource(ref, signal), folder);
  const source = await openSource(folder, deps.cwd).catch(() => undefined);
  const id = source === undefined ? undefined : await deps.identifySource(source.open(() => undefined));
  if (id === sourceId) return folder;
  await rm(folder, { recursive: true, force: true });
  const archive = `${folder}.tar.gz`;
  await mkdir(dirname(archive), { recursive: true });
  await pipeline(Readable.from(client.functionSource(ref, signal)), createWriteStream(archive));
  return archive;
}

/** Fields of the manifest that its own slipway.yml says are left out. */
async function withSource(
  { sourceId: _, manifest = {}, ...rest }: FunctionDocument,
  path: string,
  base: string,
  { deps }: CliContext,
): Promise<FunctionDocument> {
  const source = await openSource(path, base);
  const own = (await readSourceManifest(source, deps.manifests))?.manifest ?? {};
  const left = withoutOwn(manifest, own);
  return {
    ...rest,
    kind: "function",
    source: `./${relative(base, path)}`,
    ...(Object.keys(left).length > 0 && { manifest: left }),
  };
}

function withoutOwn({ env = {}, ...manifest }: Manifest, own: Manifest): Manifest {
  const ownEnv: Readonly<Record<string, string>> = {
    ...(own.handler !== undefined && { HANDLER: own.handler }),
    ...own.env,
  };
  const others = new Map(Object.entries(own));
  const fields = Object.entries(manifest).filter(([key, value]) => !isEqual(value, others.get(key)));
  const variables = Object.entries(env).filter(([key, value]) => ownEnv[key] !== value);
  return {
    ...Object.fromEntries(fields),
    ...(variables.length > 0 && { env: Object.fromEntries(variables) }),
  };
}
