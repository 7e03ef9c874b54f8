/** A further image over the test image, quickly: with labels, ports or a user, as a test needs it. */

import Docker from "dockerode";
import { ensureTinyImage } from "./tiny-image.ts";

/** Makes image `tag` with these Dockerfile instructions (`LABEL a=b`, `EXPOSE 80`, `USER node`). The caller removes it. */
export async function makeImage(tag: string, changes: readonly string[]): Promise<string> {
  const docker = new Docker({ socketPath: "/var/run/docker.sock" });
  const container = await docker.createContainer({ Image: await ensureTinyImage(), Cmd: ["node"] });
  try {
    const colon = tag.lastIndexOf(":");
    await container.commit({ repo: tag.slice(0, colon), tag: tag.slice(colon + 1), changes: changes.join("\n") });
    return tag;
  } finally {
    await container.remove({ force: true });
  }
}
