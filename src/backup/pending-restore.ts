/**
 * How a restored state takes the place of the present one. What is staged in `restore.pending/` is the new state from
 * the moment that folder is there: the next start moves it in before anything is opened, and goes on where it was if it
 * is killed on the way. What was there before lies in `restore.previous-<time>/`.
 *
 * Every step is a rename that can be told from the disk to be done or not, so that doing all of them again is harmless.
 */

import { constants } from "node:fs";
import { copyFile, lstat, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { DATA_PARTS, DATABASE_NAME, PASSFILE_NAME, VOLUMES_NAME } from "../domain/backup.ts";
import { writeFileAtomic } from "../lib/write-file.ts";

export type RestorePlaces = {
  readonly dataDir: string;
  readonly databasePath: string;
  readonly passfile: string;
};

/** What is to be replaced: all that a backup holds, or the database alone. */
export type RestoreScope = { readonly scope: "all"; readonly withVolumes: boolean } | { readonly scope: "database" };

const PENDING = "restore.pending";
const STAGING = "restore.staging";
const FINISHED = "restore.finished";
const PLAN = "plan.json";
/** What there is to move, noted before the first move: afterwards old and new could not be told apart. */
const MOVES = "moves.json";
/** There while instances run that still have the volumes from before. */
const VOLUMES_MARK = "restore.volumes";

const planSchema = z.strictObject({
  /** Name of the folder for what was there before. */
  previous: z.string().regex(/^restore\.previous-[0-9TZ]+$/),
  /** Names in it, in this order; one that is not in the new state is only moved away. */
  names: z.array(z.string()),
  hasVolumes: z.boolean(),
});
type Plan = z.output<typeof planSchema>;

const movesSchema = z.array(z.strictObject({ name: z.string(), hasOld: z.boolean(), hasNew: z.boolean() }));
type Move = z.output<typeof movesSchema>[number];

/** A folder to stage into, which is not there yet; what an earlier try left is removed. */
export async function openStaging(dataDir: string): Promise<string> {
  const staging = join(dataDir, STAGING);
  await rm(staging, { recursive: true, force: true });
  return staging;
}

export async function hasPendingRestore(dataDir: string): Promise<boolean> {
  return exists(join(dataDir, PENDING));
}

/**
 * From here on the staged state is the state. Answers the name of the folder that what was there before goes to.
 * @throws Error EEXIST or ENOTEMPTY when one is pending already
 */
export async function commitRestore(
  places: RestorePlaces,
  staging: string,
  scope: RestoreScope,
  now: number,
): Promise<string> {
  const previous = await freePrevious(places.dataDir, now);
  const hasVolumes = scope.scope === "all" && scope.withVolumes;
  const plan: Plan = { previous, names: [...namesOf(scope)], hasVolumes };
  await writeFileAtomic(join(staging, PLAN), JSON.stringify(plan));
  await syncFolder(staging);
  await rename(staging, join(places.dataDir, PENDING));
  await syncFolder(places.dataDir);
  return previous;
}

/** Of the second it is, or the next one that no restore has had: what was there before must not fall together. */
async function freePrevious(dataDir: string, now: number): Promise<string> {
  const stamp = new Date(now).toISOString().replace(/[-:]|\.\d+/g, "");
  const name = `restore.previous-${stamp}`;
  return (await exists(join(dataDir, name))) ? freePrevious(dataDir, now + 1_000) : name;
}

/** The write-ahead log belongs to the database it was written for: it goes first, and nothing comes instead. */
function namesOf(scope: RestoreScope): readonly string[] {
  const database = [`${DATABASE_NAME}-wal`, `${DATABASE_NAME}-shm`, DATABASE_NAME];
  if (scope.scope === "database") return database;
  return [...database, ...DATA_PARTS, ...(scope.withVolumes ? [VOLUMES_NAME] : []), PASSFILE_NAME];
}

/**
 * Moves a staged state in, if there is one; otherwise changes nothing. Called by whoever has the data directory to
 * itself, before the database is opened. `onStep` is told of each step before it is taken.
 * @returns the folder of what was there before; undefined: nothing was pending
 */
export async function applyPendingRestore(
  places: RestorePlaces,
  onStep: (step: string) => void = () => undefined,
): Promise<string | undefined> {
  const { dataDir } = places;
  const pending = join(dataDir, PENDING);
  if (!(await exists(pending))) {
    await removeLeftOvers(dataDir);
    return undefined;
  }
  const plan = planSchema.parse(JSON.parse(await readFile(join(pending, PLAN), "utf8")));
  const previous = join(dataDir, plan.previous);
  await mkdir(previous, { recursive: true, mode: 0o700 });
  for (const move of await readMoves(pending, plan, places)) {
    const paths = {
      staged: join(pending, move.name),
      place: placeOf(move.name, places),
      previous: join(previous, move.name),
    };
    await (move.name === PASSFILE_NAME ? replaceFile(move, paths, onStep) : replace(move, paths, onStep));
  }
  if (plan.hasVolumes) await writeFileAtomic(join(dataDir, VOLUMES_MARK), "");
  onStep("finish");
  await syncFolder(dataDir);
  await rename(pending, join(dataDir, FINISHED));
  await syncFolder(dataDir);
  onStep("clean");
  await removeLeftOvers(dataDir);
  return plan.previous;
}

/** Whether instances still have the volumes that were there before a restore, until `clearVolumesMark`. */
export function hasVolumesMark(dataDir: string): Promise<boolean> {
  return exists(join(dataDir, VOLUMES_MARK));
}

export async function clearVolumesMark(dataDir: string): Promise<void> {
  await rm(join(dataDir, VOLUMES_MARK), { force: true });
}

async function readMoves(pending: string, plan: Plan, places: RestorePlaces): Promise<readonly Move[]> {
  const path = join(pending, MOVES);
  if (await exists(path)) return movesSchema.parse(JSON.parse(await readFile(path, "utf8")));
  const moves = await Promise.all(
    plan.names.map(async (name) => ({
      name,
      hasOld: await exists(placeOf(name, places)),
      hasNew: await exists(join(pending, name)),
    })),
  );
  await writeFileAtomic(path, JSON.stringify(moves));
  return moves;
}

type MovePaths = { readonly staged: string; readonly place: string; readonly previous: string };

/** Old away, then new in. */
async function replace(
  { hasOld, hasNew }: Move,
  { staged, place, previous }: MovePaths,
  onStep: (step: string) => void,
): Promise<void> {
  if (hasOld && !(await exists(previous))) {
    onStep(`away ${place}`);
    await move(place, previous);
  }
  if (hasNew && (await exists(staged))) {
    onStep(`in ${place}`);
    await move(staged, place);
  }
  // Left by a copy that was killed between its last two steps.
  if (!hasNew) await rm(place, { recursive: true, force: true });
}

/** For the passfile, which may be on another file system and must never be missing: copied aside, then replaced whole. */
async function replaceFile(
  { hasOld, hasNew }: Move,
  { staged, place, previous }: MovePaths,
  onStep: (step: string) => void,
): Promise<void> {
  if (!hasNew) return;
  if (hasOld && !(await exists(previous))) {
    onStep(`aside ${place}`);
    await writeFileAtomic(previous, await readFile(place));
  }
  onStep(`over ${place}`);
  await writeFileAtomic(place, await readFile(staged));
}

function placeOf(name: string, { dataDir, databasePath, passfile }: RestorePlaces): string {
  if (name === PASSFILE_NAME) return passfile;
  return name.startsWith(DATABASE_NAME) ? `${databasePath}${name.slice(DATABASE_NAME.length)}` : join(dataDir, name);
}

/** A rename, or between file systems a copy that is whole before it has its name. */
async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    const temporary = `${to}.restore.tmp`;
    await rm(temporary, { force: true });
    await copyFile(from, temporary, constants.COPYFILE_EXCL);
    const file = await open(temporary, "r");
    await file.sync().finally(() => file.close());
    await rename(temporary, to);
    await rm(from);
  }
}

async function removeLeftOvers(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    const isOurs = name === FINISHED || name === STAGING || name.startsWith("backup.tmp-");
    if (isOurs) await rm(join(dataDir, name), { recursive: true, force: true });
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  await folder.sync().finally(() => folder.close());
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
