/** A tar that is made while it is read. */

import { type Pack, pack } from "tar-stream";

/**
 * The bytes of what `fill` puts into the tar; `fill` finalizes it. What it throws is thrown here; a reader that stops
 * early ends it.
 */
export async function* streamTar(fill: (tar: Pack) => Promise<void>): AsyncGenerator<Uint8Array> {
  const tar = pack();
  const filling = fill(tar).catch((error: unknown) => {
    tar.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  try {
    for await (const chunk of tar) yield chunk as Uint8Array;
    await filling;
  } finally {
    tar.destroy();
  }
}
