/** Instances of presets' own images, hardened as image services are, on data in a folder; leaves nothing behind. */

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Docker from "dockerode";
import { hostDebianOptions } from "../../src/builder/host-base-options.ts";
import { PresetImageBuilder } from "../../src/builder/preset-image-builder.ts";
import { generateSecret } from "../../src/builder/preset-secrets.ts";
import { instanceConfig } from "../../src/docker/instance-config.ts";
import { DEFAULT_BUILD_LIMITS } from "../../src/domain/build.ts";
import type { BuildEngine } from "../../src/domain/build-engine.ts";
import { DEFAULT_RESOURCES } from "../../src/domain/deployment.ts";
import type { Preset } from "../../src/domain/preset.ts";
import { PRESETS } from "../../src/domain/presets.ts";
import { randomHex } from "../../src/lib/ids.ts";
import { eventually } from "../engine/eventually.ts";
import { openBuildBench } from "./build-bench.ts";

type Env = Readonly<Record<string, string>>;

export type PresetBench = Awaited<ReturnType<typeof openPresetBench>>;
export type PresetInstance = Awaited<ReturnType<PresetBench["start"]>>;

export async function openPresetBench() {
  const bench = await openBuildBench();
  const root = await mkdtemp(join(tmpdir(), "slipway-presets-"));
  const places = { root: "/", home: process.env.HOME ?? "/root", env: process.env };
  const builderOn = (engine: BuildEngine): PresetImageBuilder =>
    new PresetImageBuilder({
      engine,
      images: bench.driver,
      presets: PRESETS,
      recipesFolder: join(import.meta.dirname, "../../src/presets"),
      limits: DEFAULT_BUILD_LIMITS,
      readHost: () => hostDebianOptions(places, tmpdir()),
    });
  const builder = builderOn(bench.engine);
  return {
    ...bench,
    builder,
    builderOn,
    /** An empty folder for data. */
    async folder(): Promise<string> {
      const folder = join(root, randomHex(4));
      await mkdir(folder);
      return folder;
    },
    /** Started, not waited for. */
    async start(preset: Preset, folder: string, env: Env) {
      const image = await builder.build(preset.id, () => undefined, new AbortController().signal);
      const { container } = await bench.startWith(configOf(preset, image, folder, env), 0);
      return instanceOf(container, preset, (command) => bench.driver.exec(container.id, command, 20_000));
    },
    async close() {
      await bench.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

function instanceOf(
  container: Docker.Container,
  { ports }: Preset,
  exec: (command: readonly string[]) => Promise<{ readonly exitCode: number; readonly output: string }>,
) {
  const port = ports[0]?.containerPort ?? 0;
  const address = async (): Promise<string> =>
    (await container.inspect()).NetworkSettings.Networks.bridge?.IPAddress ?? "";
  return {
    container,
    port,
    address,
    exec,
    /** Its port accepts a connection from outside; answers its address. */
    async ready(): Promise<string> {
      return eventually(async () => {
        const { State } = await container.inspect();
        if (!State.Running) throw new Error(`it ended with ${State.ExitCode}:\n${await logsOf(container)}`);
        const host = await address();
        if (!(await accepts(host, port))) throw new Error(`${host}:${port} is closed:\n${await logsOf(container)}`);
        return host;
      }, 60_000);
    },
    /** As the driver ends instances. Answers its exit code: 137 is one that had to be killed. */
    async stop(): Promise<number> {
      await container.stop({ t: 30 });
      return (await container.inspect()).State.ExitCode;
    },
    async ended(): Promise<{ readonly exitCode: number; readonly logs: string }> {
      const { StatusCode } = (await container.wait()) as { readonly StatusCode: number };
      return { exitCode: StatusCode, logs: await logsOf(container) };
    },
    logs: () => logsOf(container),
  };
}

function configOf(preset: Preset, image: string, folder: string, env: Env): Docker.ContainerCreateOptions {
  const spec = {
    ...{ projectSlug: "default", projectNetworkIndex: 0, serviceId: "s", serviceName: "db", deploymentId: "d" },
    ...{ serviceKind: "image" as const, replica: 0, image, env, command: preset.command, hostNumber: 2 },
    ...{ networks: [], capabilities: [], isolation: "runc" as const, ports: [], resources: DEFAULT_RESOURCES },
    mounts: preset.volumes.map(({ target }) => ({ source: folder, target, readOnly: false })),
  };
  const placement = { name: `slipway-presets-${randomHex(4)}`, network: "bridge", address: "", gateway: "127.0.0.1" };
  // On the engine's own network: what is different about a project's own makes no difference here.
  const { NetworkingConfig: _, ...config } = instanceConfig(spec, { ...placement, labels: {} });
  return config;
}

/** Standard output and error, without the frames' heads. */
async function logsOf(container: Docker.Container): Promise<string> {
  const frames = await container.logs({ stdout: true, stderr: true });
  let [text, at] = ["", 0];
  while (at + 8 <= frames.length) {
    const length = frames.readUInt32BE(at + 4);
    text += frames.toString("utf8", at + 8, at + 8 + length);
    at += 8 + length;
  }
  return text;
}

export function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 });
    const end = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}

/** The preset's variables with fresh secrets. */
export function freshEnv(preset: Preset): Record<string, string> {
  return Object.fromEntries(
    preset.envVars.map((v) => [v.key, "value" in v ? v.value : generateSecret(v.generate)] as const),
  );
}
