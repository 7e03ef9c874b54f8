/**
 * Databases made from presets where no registry can be reached, through the API on real Docker: another service of the
 * project uses them by `${{ db.URL }}`, and their data outlive redeploys and kills.
 */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { DeploymentView, ProjectView, ServiceView } from "../../src/api/views.ts";
import { BASE_NODE_IMAGE } from "../../src/builder/base-image-names.ts";
import { DockerClient } from "../../src/docker/docker-client.ts";
import { execInInstance } from "../../src/docker/instance-exec.ts";
import { PRESET_CLIENTS, withPassword } from "../builder/preset-clients.ts";
import { eventually } from "../engine/eventually.ts";
import { TestServer } from "./test-server.ts";

/** A service that does nothing but be there. */
const LISTEN = "require('node:http').createServer((_, answer) => answer.end()).listen(8080)";
/** A first build of a recipe downloads packages. */
const BUILD_LIMIT_MS = 300_000;

type DeploymentList = { readonly data: readonly DeploymentView[] };

let server: TestServer;
let project: ProjectView;
before(async () => {
  server = await TestServer.start();
  project = await ask<ProjectView>("POST", "/api/projects", { name: "Presets" }, 201);
});
after(() => server.close());

async function ask<T>(method: string, path: string, body: unknown, status: number): Promise<T> {
  const question =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const answer = await server.api({ method, path, ...question });
  assert.equal(answer.status, status, answer.text);
  return answer.json<T>();
}

const services = (): string => `/api/projects/${project.id}/services`;
const create = (body: Record<string, unknown>): Promise<ServiceView> => ask("POST", services(), body, 201);
const deploy = (name: string): Promise<DeploymentView> => ask("POST", `${services()}/${name}/deployments`, {}, 201);

/** Waits until it runs, by that deployment if one is named. */
async function running(name: string, deploymentId?: string): Promise<void> {
  const failure = await eventually(async () => {
    const service = await ask<ServiceView>("GET", `${services()}/${name}`, undefined, 200);
    const list = await ask<DeploymentList>("GET", `${services()}/${name}/deployments`, undefined, 200);
    const [newest] = list.data;
    if (newest?.status === "failed") return `${newest.failure_reason}\n${newest.log_tail}`;
    const active = service.active_deployment_id;
    if (service.status !== "running" || active === null || (deploymentId ?? active) !== active)
      throw new Error(`${name} is ${service.status}, its newest deployment ${newest?.status}`);
    return undefined;
  }, BUILD_LIMIT_MS);
  assert.equal(failure, undefined);
}

/** The one container of a service. */
async function containerOf(name: string) {
  const [found, ...others] = (await server.engine.listContainers()).filter(({ Names }) =>
    Names.some((one) => one.startsWith(`/${server.prefix}-${project.slug}-${name}-0-`)),
  );
  assert.deepEqual(others, []);
  assert.ok(found !== undefined, `${name} has no container`);
  return server.engine.getContainer(found.Id);
}

async function envOf(name: string): Promise<Readonly<Record<string, string>>> {
  const { Config } = await (await containerOf(name)).inspect();
  return Object.fromEntries(
    Config.Env.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}

/** Runs a command in a container of the test's own. */
const exec = (clientId: string, command: readonly string[]) =>
  execInInstance(new DockerClient(), clientId, command, 20_000);

/** A container on the project's network with the clients of a service's image. It goes with the server's. */
async function clientBeside(name: string): Promise<string> {
  const { Image } = await (await containerOf(name)).inspect();
  const network = `${server.prefix}-${project.slug}`;
  const client = await server.engine.createContainer({
    ...{ name: `${network}-client-of-${name}`, Image, Entrypoint: ["sleep"], Cmd: ["infinity"] },
    HostConfig: { NetworkMode: network, Init: true },
  });
  await client.start();
  return client.id;
}

async function run(clientId: string, command: readonly string[]): Promise<string> {
  const { exitCode, output } = await exec(clientId, command);
  assert.equal(exitCode, 0, output);
  return output.trim().split("\n").at(-1) ?? "";
}

for (const [preset, client] of Object.entries(PRESET_CLIENTS)) {
  describe(preset, () => {
    const [db, app] = [`db-${preset}`, `app-${preset}`];
    let [url, beside] = ["", ""];

    test("is created with a secret of its own and runs", async () => {
      const service = await create({ name: db, preset });
      assert.equal(service.preset, preset);
      assert.equal(service.private, true);
      await running(db);
      const { HostConfig } = await (await containerOf(db)).inspect();
      assert.equal(HostConfig.Memory, 512 * 1024 * 1024);
      assert.deepEqual(HostConfig.SecurityOpt, ["no-new-privileges"]);
      beside = await clientBeside(db);
    });

    test("another service of the project gets its URL, which is good in the project's network", async () => {
      const env_vars = { DATABASE_URL: `\${{ ${db}.URL }}`, WHERE: `\${{ ${db}.HOST }}:\${{ ${db}.PORT }}` };
      const ports = [{ container_port: 8080 }];
      await create({ name: app, image: BASE_NODE_IMAGE, command: ["node", "-e", LISTEN], ports, env_vars });
      await running(app);
      const env = await envOf(app);
      url = env.DATABASE_URL ?? "";
      assert.equal(new URL(url).host, env.WHERE);
      await run(beside, client.write(url, "one"));
      assert.equal(await run(beside, client.read(url)), "one");
    });

    test("refuses a wrong password", async () => {
      assert.match((await exec(beside, client.read(withPassword(url, "wrong")))).output, client.refusal);
    });

    test("keeps its data and its name when it is redeployed", async () => {
      const before = (await containerOf(db)).id;
      const { id } = await deploy(db);
      await running(db, id);
      assert.notEqual((await containerOf(db)).id, before);
      await eventually(async () => assert.equal(await run(beside, client.read(url)), "one"));
    });

    test("killed, it comes back by itself with its data", async () => {
      await run(beside, client.write(url, "two"));
      const { Id, State } = await (await containerOf(db)).inspect();
      process.kill(State.Pid, "SIGKILL");
      await eventually(async () => {
        const now = await (await containerOf(db)).inspect();
        assert.ok(now.State.Running && (now.Id !== Id || now.State.StartedAt !== State.StartedAt));
      }, 60_000);
      await eventually(async () => assert.equal(await run(beside, client.read(url)), "two"), 60_000);
    });
  });
}

test("a preset that can't be had here is 422, names its image, and leaves nothing", async () => {
  const body = { name: "never", preset: "mysql" };
  const answer = await server.api({
    ...{ method: "POST", path: services(), body: JSON.stringify(body) },
    headers: { "content-type": "application/json" },
  });
  const { error, message, remedy } = answer.json<Record<string, string>>();
  assert.equal(answer.status, 422, answer.text);
  assert.equal(error, "unprocessable");
  assert.match(message ?? "", /mysql:8/);
  assert.match(remedy ?? "", /mariadb/);
  assert.equal((await server.api({ path: `${services()}/never` })).status, 404);
});
