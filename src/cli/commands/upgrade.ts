/** `slipway upgrade`: a newer version takes over without losing a request. The work is done on the server, by its unit. */

import { setTimeout as sleep } from "node:timers/promises";
import { Command, Option } from "commander";
import { AppError, isAppError } from "../../domain/errors.ts";
import type { ApiClient } from "../api-client.ts";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../command-help.ts";
import { UsageError } from "../exit-codes.ts";
import { Progress } from "../progress.ts";
import type { UpgradeView } from "../system-views.ts";

type UpgradeOptions = {
  readonly check?: true;
  readonly status?: true;
  readonly run?: true;
  readonly dataDir?: string;
  readonly readyLimit: string;
};

/** How long it is followed, in milliseconds. */
const FOLLOW_LIMIT_MS = 45 * 60_000;
const LOOK_EVERY_MS = 500;
const LOOK_LIMIT_MS = 20_000;
/** A request that waits longer than this has nobody who takes it, in milliseconds. */
const QUEUED_LIMIT_MS = 30_000;

export function createUpgradeCommand(context: CliContext): Command {
  const command = new Command()
    .argument("[version]", "the version to upgrade to (default: the newest)")
    .option("--check", "only say whether there is a newer version")
    .option("--status", "how the upgrade under way, or the last one, goes")
    .addOption(
      new Option("--run", "carry out what was asked for; the systemd unit does this").conflicts(["check", "status"]),
    )
    .option("--data-dir <folder>", "with --run: the data folder of the server")
    .option("--ready-limit <seconds>", "with --run: how long the new version may take to be ready", "90")
    .action(async (version: string | undefined, options: UpgradeOptions) => {
      if (options.run === true) return runHere(options, context);
      const client = await context.connect();
      if (options.status === true) return showStatus(await client.system.upgrade(), context);
      if (options.check === true) return check(client, context);
      return upgrade(version, client, context);
    });
  return withExamples(command, [
    ["slipway upgrade", "to the newest version"],
    ["slipway upgrade 1.4.0", "to that one"],
    ["slipway upgrade --check", "is there a newer one?"],
  ]);
}

async function check(client: ApiClient, { output }: CliContext): Promise<void> {
  const release = await client.system.latestRelease();
  const { slipway, update_available: isThere } = await client.system.about();
  const text = isThere
    ? `${release.version} is there (${release.url}); the server is ${slipway.version}.`
    : `The server is up to date: ${slipway.version}.`;
  output.result({ version: slipway.version, latest_release: release, update_available: isThere }, text);
}

async function upgrade(typed: string | undefined, client: ApiClient, context: CliContext): Promise<void> {
  const version = typed ?? (await client.system.latestRelease()).version;
  if (typed === undefined) {
    const { slipway, update_available: isThere } = await client.system.about();
    if (!isThere) {
      context.output.result(
        { state: "idle", version: slipway.version },
        `The server is up to date: ${slipway.version}.`,
      );
      return;
    }
  }
  await client.system.requestUpgrade(version);
  const progress = new Progress(context.deps, context.output.isJson);
  try {
    const view = await follow(client, version, progress, context.signal);
    progress.stop();
    if (view.state === "failed") throw failed(view);
    context.output.result(view, `The server is ${view.target_version} now.`);
  } finally {
    progress.stop();
  }
}

async function follow(
  client: ApiClient,
  version: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<UpgradeView> {
  progress.step(`upgrading to ${version}`);
  const startedAt = performance.now();
  let shown = 0;
  while (performance.now() - startedAt < FOLLOW_LIMIT_MS) {
    const view = await client.system.upgrade(LOOK_LIMIT_MS).catch(absent);
    if (view !== undefined) {
      const lines = (view.log_tail ?? "").split("\n").filter((line) => line !== "");
      if (view.state !== "queued")
        progress.lines(
          lines
            .slice(shown)
            .map((line) => `${line}\n`)
            .join(""),
        );
      shown = view.state === "queued" ? 0 : Math.max(shown, lines.length);
      if (view.state === "done" || view.state === "failed") return view;
      if (view.state === "queued" && performance.now() - startedAt > QUEUED_LIMIT_MS) throw notTaken();
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
  throw new AppError("timeout", "The upgrade is not done.", { remedy: "Look again: slipway upgrade --status" });
}

/** The server may be away for a moment: that is what an upgrade is. */
function absent(error: unknown): undefined {
  if (isAppError(error) && ["unavailable", "bad_gateway", "timeout"].includes(error.code)) return undefined;
  throw error;
}

function showStatus(view: UpgradeView, { output }: CliContext): void {
  const words = [view.state, view.target_version, view.error].filter((word) => word !== null).join("  ");
  output.result(view, `${words}\n${view.log_tail ?? ""}`);
}

async function runHere({ dataDir, readyLimit }: UpgradeOptions, { deps, output }: CliContext): Promise<void> {
  const folder = dataDir ?? deps.env.SLIPWAY_DATA_DIR;
  const seconds = Number(readyLimit);
  if (folder === undefined) throw new UsageError("--run needs --data-dir.");
  if (!(seconds > 0)) throw new UsageError(`${JSON.stringify(readyLimit)} is no number of seconds.`);
  const maintenance = await deps.openMaintenance();
  const status = await maintenance.runUpgrade({
    dataDir: folder,
    readyLimitMs: seconds * 1000,
    onLine: (line) => output.note(line),
  });
  if (status.state === "failed") {
    throw new AppError("unavailable", status.error ?? "The upgrade failed.");
  }
  const { state, targetVersion } = status;
  output.result({ state, target_version: targetVersion }, state === "idle" ? "Nothing was asked for." : "");
}

function failed(view: UpgradeView): AppError {
  return new AppError("unavailable", `The upgrade failed: ${view.error ?? "no reason was given"}`, {
    ...(view.log_tail !== null && { logTail: view.log_tail }),
  });
}

function notTaken(): AppError {
  return new AppError("timeout", "Nobody takes the upgrade up.", {
    remedy:
      "On the server: systemctl status slipway-upgrade.path. Without systemd run, as root: slipway upgrade --run --data-dir FOLDER",
  });
}
