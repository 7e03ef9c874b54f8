/**
 * The numeric user and group that an image's processes run as. Names are looked up in the image's own /etc/passwd and
 * /etc/group, read out of a container that is made for it and never started.
 */

import type { ImageInspectInfo } from "dockerode";
import { extract } from "tar-stream";
import { AppError, isAppError } from "../domain/errors.ts";
import type { DockerClient } from "./docker-client.ts";
import type { EngineNames } from "./engine-names.ts";

type Owner = { readonly uid: number; readonly gid: number };

const LARGEST_FILE_BYTES = 1024 * 1024;

/** @throws AppError `deploy_failed` when the image has no such user */
export async function readImageOwner(
  client: DockerClient,
  names: EngineNames,
  image: ImageInspectInfo,
): Promise<Owner> {
  const user = image.Config.User ?? "";
  if (user === "") return { uid: 0, gid: 0 };
  if (/^\d+:\d+$/.test(user)) return resolveOwner(user, "", "");
  const id = await makeHelper(client, names, image.Id);
  try {
    const [passwd, group] = [await readFileOf(client, id, "/etc/passwd"), await readFileOf(client, id, "/etc/group")];
    return resolveOwner(user, passwd, group);
  } finally {
    await removeHelper(client, id);
  }
}

/**
 * As the engine reads an image's USER: `user[:group]`, each a name or a number; without a group the user's own, or 0
 * for a number nobody has.
 * @throws AppError `deploy_failed` for a name that is in neither file
 */
export function resolveOwner(user: string, passwd: string, group: string): Owner {
  const [userPart = "", groupPart] = user.split(":");
  const account = rowOf(passwd, userPart);
  const uid = numberOf(account?.[2] ?? userPart, user);
  if (groupPart !== undefined && groupPart !== "") {
    return { uid, gid: numberOf(rowOf(group, groupPart)?.[2] ?? groupPart, user) };
  }
  return { uid, gid: numberOf(account?.[3] ?? "0", user) };
}

/** The row whose name or number is `key`. */
function rowOf(file: string, key: string): readonly string[] | undefined {
  const rows = file.split("\n").map((line) => line.split(":"));
  return rows.find((row) => row[0] === key) ?? rows.find((row) => row[2] === key);
}

function numberOf(text: string, user: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new AppError("deploy_failed", `The image runs as ${user}, which is no user or group in it.`, {
    remedy: "Add the user in the Dockerfile, or name it by number.",
  });
}

/** The name is the same each time, so what a crash leaves behind is one container per image at most, and found again. */
async function makeHelper(client: DockerClient, names: EngineNames, imageId: string): Promise<string> {
  const name = names.helper(imageId);
  const config = { name, Image: imageId, Cmd: ["never-started"], NetworkDisabled: true, Labels: names.helperLabels() };
  const make = async () => (await client.call((engine) => engine.createContainer(config))).id;
  try {
    return await make();
  } catch (error) {
    if (!isAppError(error, "conflict")) throw error;
    await removeHelper(client, name);
    return await make();
  }
}

export async function removeHelper(client: DockerClient, id: string): Promise<void> {
  try {
    await client.call((engine) => engine.getContainer(id).remove({ force: true, v: true }));
  } catch (error) {
    if (!isAppError(error, "not_found") && !isAppError(error, "conflict")) throw error;
  }
}

/** Text of a file in the container; empty when it is not there. */
async function readFileOf(client: DockerClient, id: string, path: string): Promise<string> {
  try {
    return await client.stream(async (engine) => {
      const archive = await engine.getContainer(id).getArchive({ path });
      const parts: Buffer[] = [];
      for await (const entry of archive.pipe(extract())) {
        for await (const chunk of entry) parts.push(chunk as Buffer);
      }
      return Buffer.concat(parts).subarray(0, LARGEST_FILE_BYTES).toString();
    });
  } catch (error) {
    if (isAppError(error, "not_found")) return "";
    throw error;
  }
}
