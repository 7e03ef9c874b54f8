/** What `slipway new` makes over a runtime, built and started the way an instance is started. */

import { join } from "node:path";
import type { Container } from "dockerode";
import { openRuntimeFolder, readRuntimeFiles, readTemplate } from "../../src/builder/runtime-folder.ts";
import { instanceConfig } from "../../src/docker/instance-config.ts";
import type { InstanceSpec } from "../../src/domain/driver.ts";
import type { Runtime } from "../../src/domain/runtime.ts";
import type { BuildBench } from "./build-bench.ts";

type Files = Readonly<Record<string, string>>;

export type TemplateChanges = {
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly files?: (files: Files) => Files;
  /** Options of the function. */
  readonly options?: Runtime["options"];
};

export type Running = {
  readonly url: string;
  readonly container: Container;
  /** Runs a command inside; answers what it wrote. */
  exec(command: readonly string[]): Promise<string>;
};

export type RunningTemplate = Running & {
  readonly runtime: Runtime;
  readonly image: string;
  /** A second instance of the same image. */
  again(): Promise<Running>;
};

/** Builds the runtime's rendered template, changed where asked, and starts it. */
export async function startTemplate(
  bench: BuildBench,
  name: string,
  changes: TemplateChanges = {},
): Promise<RunningTemplate> {
  const opened = await openRuntimeFolder(join(import.meta.dirname, "../../src/runtimes", name), { name });
  const context = { name: "hello", options: changes.options ?? {} };
  const template = await readTemplate(opened, context);
  const files = Object.fromEntries(template.map((file) => [file.path, Buffer.from(file.content).toString()]));
  const request = {
    ...(await bench.requestFor(changes.files?.(files) ?? files)),
    runtime: await readRuntimeFiles(opened, context),
    buildArgs: changes.buildArgs ?? {},
  };
  const { image } = await bench.builder.build(request, new AbortController().signal);
  const start = (): Promise<Running> => startAsInstance(bench, image, opened.runtime.defaultPort);
  return { ...(await start()), runtime: opened.runtime, image, again: start };
}

/** Starts it on the default network with all of an instance's hardening. */
export async function startAsInstance(bench: BuildBench, image: string, port: number): Promise<Running> {
  const placement = { name: "", network: "bridge", address: "", gateway: "127.0.0.1", labels: {} };
  const {
    name: _,
    NetworkingConfig: __,
    ...config
  } = instanceConfig({ ...SPEC, image, env: { PORT: String(port) } }, placement);
  const { url, container } = await bench.startWith(config, port);
  const exec = async (command: readonly string[]): Promise<string> => {
    const { output } = await bench.driver.exec(container.id, command, 10_000);
    return output;
  };
  return { url, container, exec };
}

const SPEC: InstanceSpec = {
  projectSlug: "default",
  projectNetworkIndex: 0,
  serviceId: "service",
  serviceName: "hello",
  serviceKind: "function",
  deploymentId: "deployment",
  replica: 0,
  image: "",
  env: {},
  command: [],
  hostNumber: 2,
  resources: { cpuMillicores: null, memoryBytes: 256 * 1024 * 1024 },
  mounts: [],
  networks: [],
  capabilities: [],
  isolation: "runc",
  ports: [],
};
