/** Images that are in a test's registry and nowhere else. */

import Docker from "dockerode";
import { makeImage } from "../engine/labelled-image.ts";
import { REGISTRY_USER, type TestRegistry } from "./test-registry.ts";

/** An image over the test image with these Dockerfile instructions, pushed and gone from the engine. Answers its name. */
export async function publishImage(registry: TestRegistry, name: string, changes: readonly string[]): Promise<string> {
  const reference = `${registry.host}/acme/${name}`;
  await makeImage(reference, changes);
  const image = new Docker({ socketPath: "/var/run/docker.sock" }).getImage(reference);
  const pushing = await image.push({ authconfig: { ...REGISTRY_USER, serveraddress: registry.host } });
  let said = "";
  for await (const chunk of pushing) said += chunk.toString();
  if (said.includes('"error"')) throw new Error(`${reference} can't be pushed: ${said}`);
  await image.remove();
  return reference;
}
