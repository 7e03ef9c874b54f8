/** The README of an exported folder: the two commands, and what else of Slipway's promises plain Docker must be told. Pure. */

import type { LocalSettings } from "./local-settings.ts";

const MIB = 1_048_576;

/** A public base image that is not on this engine, and its twin that is. */
export type BaseTwin = { readonly published: string; readonly local: string };

export function exportReadme(name: string, settings: LocalSettings, base: BaseTwin | undefined): string {
  const [port] = settings.listenPorts;
  const run = [
    "docker run --init --rm",
    ...runFlags(settings),
    `--name ${name}`,
    name,
    ...settings.command.map(quoted),
  ];
  const parts = [
    `# ${name}`,
    "This folder is complete: it needs Docker and nothing else.",
    `\`\`\`sh\ndocker build -t ${name} .\n${run.join(" \\\n  ")}\n\`\`\``,
  ];
  if (port !== undefined) parts.push(`It then answers at http://127.0.0.1:${port}/.`);
  if (base !== undefined) {
    parts.push(
      `It builds on \`${base.local}\`, which was made on the machine of the export. Elsewhere build it with ` +
        `\`docker build --build-arg BASE_IMAGE=${base.published} -t ${name} .\``,
    );
  }
  if (settings.health !== null) parts.push(`\`GET ${settings.health.path}\` tells whether it is well.`);
  parts.push('Secrets are files: mount a folder that has them with `-v "$PWD/secrets:/secrets:ro"`.');
  return `${parts.join("\n\n")}\n`;
}

function runFlags(settings: LocalSettings): readonly string[] {
  const { listenPorts, env, resources, volumes, networks, capabilities } = settings;
  const [port] = listenPorts;
  return [
    ...(port === undefined ? [] : [`-p 127.0.0.1:${port}:${port}`, `-e PORT=${port}`]),
    ...Object.entries(env).map(([key, value]) => `-e ${quoted(`${key}=${value}`)}`),
    ...volumes.map(({ source, target, readOnly }) => {
      const folder = source.startsWith("/") ? quoted(source) : `"$PWD"/${quoted(source)}`;
      return `-v ${folder}:${quoted(`${target}${readOnly ? ":ro" : ""}`)}`;
    }),
    ...networks.slice(0, 1).map((network) => `--network ${network}`),
    ...(resources.memoryBytes === null ? [] : [`--memory ${Math.round(resources.memoryBytes / MIB)}m`]),
    ...(resources.cpuMillicores === null ? [] : [`--cpus ${resources.cpuMillicores / 1000}`]),
    "--security-opt no-new-privileges --cap-drop ALL",
    ...capabilities.map((capability) => `--cap-add ${capability}`),
  ];
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
