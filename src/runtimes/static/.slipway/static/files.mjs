// From a URL's path to a file below the root, or nothing. Links that lead outside are not followed.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { pipeline } from "node:stream/promises";

const HIDDEN = ["slipway.yml", "funko.yml", "Dockerfile"];

const etags = new Map();

/** Of the content: files of an image never change, and their times are all the same. */
export async function etagOf(path) {
  const known = etags.get(path);
  if (known !== undefined) return known;
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  const etag = `"${hash.digest("base64url").slice(0, 22)}"`;
  etags.set(path, etag);
  return etag;
}

/** The folder to serve: the first one with an index.html, else the folder itself. */
export async function findRoot(folder) {
  for (const name of [".", "public", "dist", "build"]) {
    if (await statsOf(join(folder, name, "index.html"))) return realpath(join(folder, name));
  }
  return realpath(folder);
}

/** `{path, stats}` of the file, `{redirect}` for a folder without its slash, or undefined. */
export async function findFile(root, urlPath) {
  const names = namesOf(urlPath);
  if (names === undefined) return undefined;
  const path = join(root, ...names);
  const stats = await statsOf(path);
  if (stats?.isFile() && !urlPath.endsWith("/")) return inside(root, path, stats);
  if (stats?.isDirectory()) {
    const index = join(path, "index.html");
    const indexStats = await statsOf(index);
    if (!indexStats?.isFile()) return undefined;
    return urlPath.endsWith("/") ? inside(root, index, indexStats) : { redirect: `/${names.map(encodeURIComponent).join("/")}/` };
  }
  const page = `${path}.html`;
  const pageStats = names.length > 0 && !urlPath.endsWith("/") ? await statsOf(page) : undefined;
  return pageStats?.isFile() ? inside(root, page, pageStats) : undefined;
}

function namesOf(urlPath) {
  let decoded;
  try {
    decoded = decodeURIComponent(urlPath);
  } catch {
    return undefined;
  }
  const names = decoded.split("/").filter((name) => name !== "");
  const isBad = names.some((name) => name === ".." || name.includes("\0") || name.includes("\\") || isDotfile(name));
  return isBad || HIDDEN.includes(names[0]) ? undefined : names;
}

function isDotfile(name) {
  return name.startsWith(".") && name !== ".well-known";
}

async function inside(root, path, stats) {
  const real = await realpath(path);
  return real.startsWith(root + sep) ? { path: real, stats } : undefined;
}

async function statsOf(path) {
  return stat(path).catch(() => undefined);
}
