/**
 * Where new versions are announced: one JSON document at an address, either GitHub's "latest release" or a plain one. A
 * release counts only with the SHA-256 of its tarball.
 */

import { z } from "zod";
import { AppError, isAppError } from "../domain/errors.ts";
import { compareVersions, type OfferedRelease, type ReleaseSource, VERSION_PATTERN } from "../domain/system.ts";

/** Longest wait for an announcement, in milliseconds. */
const LIMIT_MS = 20_000;
const MAX_BYTES = 2 * 1024 * 1024;
const MAX_NOTES = 64 * 1024;
const TARBALL_NAME = /^slipway-.+\.(?:tgz|tar\.gz)$/;

const version = z.string().regex(VERSION_PATTERN);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/i);
const plainSchema = z.object({
  version,
  url: z.string().default(""),
  notes: z.string().default(""),
  published_at: z.iso.datetime({ offset: true }),
  tarball: z.string(),
  sha256,
});
const gitHubSchema = z.object({
  tag_name: version,
  html_url: z.string().default(""),
  body: z.string().nullish(),
  published_at: z.iso.datetime({ offset: true }),
  assets: z.array(z.object({ name: z.string(), browser_download_url: z.string(), digest: z.string().nullish() })),
});

export type ReleaseFeedOptions = {
  /** null: nothing is announced anywhere. */
  readonly url: string | null;
  /** ms since the epoch. */
  readonly now: () => number;
};

export class ReleaseFeed implements ReleaseSource {
  readonly #url: string | null;
  readonly #now: () => number;

  constructor({ url, now }: ReleaseFeedOptions) {
    this.#url = url;
    this.#now = now;
  }

  async latest(): Promise<OfferedRelease> {
    return this.#read(this.#require());
  }

  async find(wanted: string): Promise<OfferedRelease> {
    const url = this.#require();
    const latest = await this.#read(url);
    if (compareVersions(latest.version, wanted) === 0) return latest;
    const none = new AppError("not_found", `${url} offers ${latest.version}, not ${wanted}.`, {
      remedy: `Upgrade to ${latest.version}, or install ${wanted} from a checkout: git checkout v${wanted} && sudo script/install`,
    });
    if (!url.endsWith("/releases/latest")) throw none;
    try {
      return await this.#read(url.replace(/latest$/, `tags/v${wanted}`));
    } catch (error) {
      throw isAppError(error, "bad_gateway") ? none : error;
    }
  }

  #require(): string {
    if (this.#url !== null) return this.#url;
    throw new AppError("not_ready", "This server does not know where new versions are announced.", {
      remedy: "Set SLIPWAY_RELEASE_URL (--release-url) to the address of a release feed, then restart the server.",
    });
  }

  async #read(url: string): Promise<OfferedRelease> {
    const document = await readJson(url);
    const plain = plainSchema.safeParse(document);
    if (plain.success) return offered({ ...plain.data, publishedAt: plain.data.published_at }, url, this.#now());
    const gitHub = gitHubSchema.safeParse(document);
    if (!gitHub.success) throw unusable(url, "it is neither GitHub's form of a release nor the plain one");
    const { tag_name, html_url, body, published_at, assets } = gitHub.data;
    const asset = assets.find(({ name }) => TARBALL_NAME.test(name));
    if (asset === undefined) throw unusable(url, "the release has no file slipway-….tar.gz");
    const digest =
      /^sha256:([0-9a-f]{64})$/i.exec(asset.digest ?? "")?.[1] ?? (await readDigest(url, asset.name, assets));
    return offered(
      {
        ...{ version: tag_name, url: html_url, notes: body ?? "", publishedAt: published_at },
        ...{ tarball: asset.browser_download_url, sha256: digest },
      },
      url,
      this.#now(),
    );
  }
}

type Announced = {
  readonly version: string;
  readonly url: string;
  readonly notes: string;
  readonly publishedAt: string;
  readonly tarball: string;
  readonly sha256: string;
};

function offered(announced: Announced, feed: string, now: number): OfferedRelease {
  const tarballUrl = URL.parse(announced.tarball, feed)?.href ?? "";
  if (!isWeb(tarballUrl)) throw unusable(feed, "the address of the tarball is none of the web");
  return {
    version: announced.version.replace(/^v/, ""),
    // It is shown as a link.
    url: isWeb(announced.url) ? announced.url : "",
    notes: announced.notes.slice(0, MAX_NOTES),
    publishedAt: Date.parse(announced.publishedAt),
    fetchedAt: now,
    tarballUrl,
    sha256: announced.sha256.toLowerCase(),
  };
}

function isWeb(url: string): boolean {
  return /^https?:$/.test(URL.parse(url)?.protocol ?? "");
}

/** The file `<name>.sha256` beside the tarball, as sha256sum writes it. */
async function readDigest(
  feed: string,
  name: string,
  assets: readonly { readonly name: string; readonly browser_download_url: string }[],
): Promise<string> {
  const file = assets.find((asset) => asset.name === `${name}.sha256`);
  if (file === undefined) throw unusable(feed, `the release says no SHA-256 of ${name}`);
  const digest = /^[0-9a-f]{64}/i.exec((await readText(file.browser_download_url)).trim())?.[0];
  if (digest === undefined) throw unusable(feed, `${name}.sha256 holds no SHA-256`);
  return digest;
}

async function readJson(url: string): Promise<unknown> {
  const text = await readText(url);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unusable(url, "it is no JSON", error);
  }
}

async function readText(url: string): Promise<string> {
  try {
    const response = await fetch(url, {
      headers: { accept: "application/json, text/plain", "user-agent": "slipway" },
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    if (!response.ok) throw unusable(url, `it answered ${response.status}`);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > MAX_BYTES) throw unusable(url, "it is larger than 2 MiB");
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString("utf8");
  } catch (error) {
    if (isAppError(error)) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw unusable(url, cause instanceof Error ? cause.message : String(cause), error);
  }
}

function unusable(url: string, reason: string, cause?: unknown): AppError {
  return new AppError("bad_gateway", `The announcement of releases at ${url} can't be used: ${reason}.`, {
    cause,
    remedy: "Look at the address with curl from the server; it is set with SLIPWAY_RELEASE_URL.",
  });
}
