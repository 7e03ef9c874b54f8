/** The Docker driver keeps the drivers' contract on a real engine, and touches nothing there that is not its own. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { after, before, describe, it } from "node:test";
import Docker from "dockerode";
import { driverContract } from "../../test/contract/driver.contract.ts";
import { DriverBench, type DriverHarness, PROGRAMS } from "../../test/contract/driver-bench.ts";
import { eventually } from "../../test/engine/eventually.ts";
import { type OpenedDocker, openDocker } from "../../test/engine/open-docker.ts";
import { isAppError } from "../domain/errors.ts";
import { findFreePort } from "../lib/free-port.ts";
import { newId, randomHex } from "../lib/ids.ts";

driverContract("docker", openDocker);

describe("DockerDriver on an engine that others use, too", { timeout: 60_000 }, () => {
  let harness: OpenedDocker;
  let other: OpenedDocker;
  const engine = new Docker({ socketPath: "/var/run/docker.sock" });
  const bench = new DriverBench(() => harness);
  const foreign: Docker.Container[] = [];

  before(async () => {
    [harness, other] = [await openDocker(), await openDocker()];
    await harness.driver.ensureNetwork(bench.projectSlug, harness.networkIndex);
  });
  after(async () => {
    await Promise.all(foreign.map((container) => container.remove({ force: true })));
    await bench.removeAll();
    await harness.driver.removeNetwork(bench.projectSlug);
    await Promise.all([harness.close(), other.close()]);
  });

  async function startForeign(options: Docker.ContainerCreateOptions): Promise<Docker.Container> {
    const container = await engine.createContainer({ Cmd: ["node", "-e", PROGRAMS.idle], ...options });
    foreign.push(container);
    await container.start();
    return container;
  }

  it("does not see what others run, not even from an image of its own", async () => {
    const containers = [
      await startForeign({ Image: harness.image }),
      await startForeign({ Image: harness.image, Labels: { "slipway.managed": "true", "slipway.server": newId() } }),
    ];
    assert.deepEqual(await bench.driver.list(), []);
    for (const { id } of containers)
      await assert.rejects(bench.driver.inspect(id), (error) => isAppError(error, "not_found"));
    const raw = JSON.stringify(await bench.driver.listEverything());
    assert.ok(containers.every(({ id }) => raw.includes(id)));
  });

  it("does not see what another server runs", async () => {
    const id = await bench.started(bench.spec(PROGRAMS.idle));
    assert.deepEqual(await other.driver.list(), []);
    assert.ok(!(await other.driver.listNetworks()).includes(bench.projectSlug));
    assert.equal((await bench.driver.inspect(id)).state, "running");
  });

  it("leaves a container that has the name of an instance alone, and says so", async () => {
    const spec = bench.spec(PROGRAMS.idle);
    const name = `${harness.prefix}-${bench.projectSlug}-${spec.serviceName}-0-${spec.deploymentId.slice(0, 8)}`;
    const container = await startForeign({ name, Image: harness.image });
    const creating = bench.driver.create(spec);
    await assert.rejects(
      creating,
      (error) => isAppError(error, "conflict") && /SLIPWAY_PREFIX/.test(error.remedy ?? ""),
    );
    assert.equal((await container.inspect()).State.Running, true);
  });

  it("leaves a network that has the name of a project's alone, and says so", async () => {
    const slug = `taken-${randomHex(4)}`;
    const network = await engine.createNetwork({ Name: `${harness.prefix}-${slug}` });
    try {
      const ensuring = bench.driver.ensureNetwork(slug, harness.networkIndex + 1);
      await assert.rejects(
        ensuring,
        (error) => isAppError(error, "conflict") && /not this server's/.test(error.message),
      );
      await bench.driver.removeNetwork(slug);
      assert.equal((await network.inspect()).Name, `${harness.prefix}-${slug}`);
    } finally {
      await network.remove();
    }
  });

  it("gives no foreign container an address that it assigns itself", async () => {
    const network = `${harness.prefix}-${bench.projectSlug}`;
    const container = await startForeign({ Image: harness.image, HostConfig: { NetworkMode: network } });
    const address = (await container.inspect()).NetworkSettings.Networks[network]?.IPAddress ?? "";
    assert.ok(Number(address.split(".")[3]) >= 224, address);
    await container.remove({ force: true });
    foreign.splice(foreign.indexOf(container), 1);
  });

  it("an overlap of address ranges names the setting that mends it", async () => {
    const ensuring = bench.driver.ensureNetwork(`overlap-${randomHex(4)}`, harness.networkIndex);
    await assert.rejects(ensuring, (error) => isAppError(error) && /SLIPWAY_NETWORK_POOL/.test(error.remedy ?? ""));
  });
});

describe("DockerDriver's instances", { timeout: 60_000 }, () => {
  let harness: OpenedDocker;
  const engine = new Docker({ socketPath: "/var/run/docker.sock" });
  const bench = new DriverBench((): DriverHarness => harness);

  before(async () => {
    harness = await openDocker();
    await harness.driver.ensureNetwork(bench.projectSlug, harness.networkIndex);
  });
  after(async () => {
    await bench.removeAll();
    await harness.driver.removeNetwork(bench.projectSlug);
    await harness.close();
  });

  /** Addresses that the name has inside the instance; empty when it has none. */
  async function resolve(id: string, name: string): Promise<string> {
    const code = `dns.promises.lookup(${JSON.stringify(name)}).then((a) => console.log(a.address), () => {})`;
    return (await bench.driver.exec(id, ["node", "-e", code], 15_000)).output.trim();
  }

  it("are found by the service's name only while the alias is on", async () => {
    const spec = bench.spec(PROGRAMS.idle);
    const [id, asker] = await Promise.all([bench.started(spec), bench.started(bench.spec(PROGRAMS.idle))]);
    const { projectSlug, serviceName } = spec;
    const { address } = await bench.driver.inspect(id);
    assert.equal(await resolve(asker, serviceName), "");
    await bench.driver.setAlias(id, { projectSlug, names: ["db-before", serviceName] });
    assert.equal(await resolve(asker, "db-before"), address);
    assert.equal(await resolve(asker, serviceName), address);
    await bench.driver.setAlias(id, { projectSlug, names: [] });
    assert.equal(await resolve(asker, serviceName), "");
  });

  it("find the host, where the gateway listens, as `slipway` and `faaso-proxy`", async () => {
    const id = await bench.started(bench.spec(PROGRAMS.idle));
    const host = bench.driver.addressOf(harness.networkIndex, 1);
    assert.deepEqual([await resolve(id, "slipway"), await resolve(id, "faaso-proxy")], [host, host]);
  });

  it("find containers of a further network by name, also after their own name was given and taken", async () => {
    const { outside } = harness;
    const [network, database] = [`${harness.prefix}-shared`, `database${randomHex(4)}`];
    await outside.addNetwork(network);
    await outside.start(network, database);
    const spec = bench.spec(PROGRAMS.idle, { networks: [network] });
    const id = await bench.started(spec);
    const address = await resolve(id, database);
    assert.match(address, /^\d+\.\d+\.\d+\.\d+$/);
    const { projectSlug, serviceName } = spec;
    for (const names of [[serviceName], []]) {
      await bench.driver.setAlias(id, { projectSlug, names });
      assert.equal(await resolve(id, database), address);
      assert.equal(await resolve(id, "slipway"), bench.driver.addressOf(harness.networkIndex, 1));
    }
    const { Networks } = (await engine.getContainer(id).inspect()).NetworkSettings;
    assert.deepEqual(Object.keys(Networks).sort(), [`${harness.prefix}-${bench.projectSlug}`, network].sort());
    await bench.driver.remove(id);
  });

  it("have their host ports bound on the address that is set, tcp and udp, also after they got their name", async () => {
    const hostPort = await findFreePort();
    const ports = [
      { containerPort: 8080, hostPort, protocol: "tcp" },
      { containerPort: 53, hostPort, protocol: "udp" },
      { containerPort: 9000, protocol: "tcp" },
    ] as const;
    const program = "http.createServer((q, r) => r.end('here')).listen(8080)";
    const spec = bench.spec(program, { ports });
    const id = await bench.started(spec);
    const ask = () => fetch(`http://127.0.0.1:${hostPort}`).then((answer) => answer.text());
    assert.equal(await eventually(ask), "here");
    await bench.driver.setAlias(id, { projectSlug: spec.projectSlug, names: [spec.serviceName] });
    assert.equal(await eventually(ask), "here");
    const { Ports } = (await engine.getContainer(id).inspect()).NetworkSettings;
    const bound = [{ HostIp: "127.0.0.1", HostPort: String(hostPort) }];
    assert.deepEqual(Ports, { "3000/tcp": null, "53/udp": bound, "8080/tcp": bound, "9000/tcp": null });
    for (const [protocol, taken] of [
      ["tcp", hostPort],
      ["udp", hostPort],
    ] as const) {
      const other = await bench.driver.create(
        bench.spec(program, { ports: [{ containerPort: 1, hostPort: taken, protocol }] }),
      );
      const starting = bench.driver.start(other);
      const isNamed = (error: unknown) => isAppError(error, "conflict") && error.message.includes(`127.0.0.1:${taken}`);
      await assert.rejects(starting, isNamed);
    }
    await bench.driver.remove(id);
  });

  it("say which host port they can't have when another process has it", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port: hostPort } = server.address() as AddressInfo;
    const id = await bench.driver.create(
      bench.spec(PROGRAMS.idle, { ports: [{ containerPort: 80, hostPort, protocol: "tcp" }] }),
    );
    const starting = bench.driver.start(id);
    await assert.rejects(
      starting,
      (error) => isAppError(error, "conflict") && error.message.startsWith(`Host port 127.0.0.1:${hostPort} is in use`),
    );
    server.close();
    await bench.driver.start(id);
  });

  it("keep the capabilities they ask for, and no others", async () => {
    const id = await bench.started(bench.spec(PROGRAMS.idle, { capabilities: ["NET_BIND_SERVICE", "NET_RAW"] }));
    const code = "console.log(fs.readFileSync('/proc/self/status', 'utf8'))";
    const { output } = await bench.driver.exec(id, ["node", "-e", code], 15_000);
    // Bits 10 and 13.
    assert.match(output, /^CapEff:\t0+2400$/m);
  });

  it("run hardened: no capability, no new privileges, an init, and limits", async () => {
    const id = await bench.started(
      bench.spec(PROGRAMS.idle, { resources: { cpuMillicores: 250, memoryBytes: 2 ** 26 } }),
    );
    const { HostConfig } = await engine.getContainer(id).inspect();
    assert.partialDeepStrictEqual(HostConfig, {
      Init: true,
      Privileged: false,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      PidsLimit: 512,
      Memory: 2 ** 26,
      NanoCpus: 250_000_000,
      RestartPolicy: { Name: "no" },
      LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "3" } },
    });
    const code = "console.log(fs.readFileSync('/proc/self/status', 'utf8'))";
    const { output } = await bench.driver.exec(id, ["node", "-e", code], 15_000);
    assert.match(output, /^CapEff:\t0+$/m);
    assert.match(output, /^CapBnd:\t0+$/m);
    assert.match(output, /^NoNewPrivs:\t1$/m);
  });

  it("of image services keep the engine's capabilities but three", async () => {
    const id = await bench.driver.create(bench.spec(PROGRAMS.idle, { serviceKind: "image" }));
    const { HostConfig } = await engine.getContainer(id).inspect();
    assert.deepEqual([...(HostConfig.CapDrop ?? [])].sort(), ["AUDIT_WRITE", "MKNOD", "NET_RAW"]);
    assert.deepEqual(HostConfig.SecurityOpt, ["no-new-privileges"]);
  });

  it("that need more memory than they may have are marked as ended for that", async () => {
    const eats = "const all = []; for (;;) all.push(Buffer.alloc(1e7, 1))";
    const spec = bench.spec(eats, { resources: { cpuMillicores: null, memoryBytes: 2 ** 26 } });
    const id = await bench.started(spec);
    await bench.untilExited(id);
    assert.partialDeepStrictEqual(await bench.driver.inspect(id), { wasOomKilled: true, exitCode: 137 });
  });

  it("have their lines whole, however long, and in UTF-8", async () => {
    const id = await bench.started(bench.spec("console.log('ü'.repeat(30_000)); process.stdout.write('no newline')"));
    await bench.untilExited(id);
    const lines = (await bench.lines(id)).map(({ line }) => line);
    assert.deepEqual(lines, ["ü".repeat(30_000), "no newline"]);
  });

  it("have a mounted folder, and can't be made over one that is missing", async () => {
    const readOnly = [{ source: import.meta.dirname, target: "/here", readOnly: true }];
    const id = await bench.started(bench.spec(PROGRAMS.idle, { mounts: readOnly }));
    const code = "console.log(fs.readdirSync('/here').length > 0); fs.writeFileSync('/here/x', '')";
    const { output } = await bench.driver.exec(id, ["node", "-e", code], 15_000);
    assert.match(output, /^true\n.*EROFS/s);
    const missing = [{ source: `/no-such-${randomHex(4)}`, target: "/here", readOnly: false }];
    await assert.rejects(bench.driver.create(bench.spec(PROGRAMS.idle, { mounts: missing })), /bind source path/);
  });

  it("that the engine can't start are deploy_failed, in the engine's words", async () => {
    const image = `slipway-test/ghost:${randomHex(6)}`;
    await harness.makeImage(image, ["USER ghost"]);
    const id = await bench.driver.create(bench.spec(PROGRAMS.idle, { image }));
    const starting = bench.driver.start(id);
    await assert.rejects(
      starting,
      (error) => isAppError(error, "deploy_failed") && /find user ghost/.test(error.message),
    );
    await assert.rejects(bench.driver.ownerOf(image), (error) => isAppError(error, "deploy_failed"));
  });

  it("run commands within limits of time and of output", async () => {
    const id = await bench.started(bench.spec(PROGRAMS.idle));
    const endless = bench.driver.exec(id, ["node", "-e", PROGRAMS.idle], 1_000);
    await assert.rejects(endless, (error) => isAppError(error, "timeout"));
    const loud = await bench.driver.exec(id, ["node", "-e", "console.log('x'.repeat(3e6))"], 15_000);
    assert.deepEqual([loud.output.length, loud.exitCode], [1024 * 1024, 0]);
    const none = await bench.driver.exec(id, ["no-such-program"], 15_000);
    assert.ok(none.exitCode > 0);
  });

  it("keep the image's user, whose number is found in the image", async () => {
    const image = `slipway-test/user:${randomHex(6)}`;
    await harness.makeImage(image, ["USER node"]);
    assert.deepEqual(await bench.driver.ownerOf(image), { uid: 1000, gid: 1001 });
    const id = await bench.started(bench.spec("console.log(process.getuid(), process.getgid())", { image }));
    await eventually(async () => assert.equal((await bench.lines(id))[0]?.line, "1000 1001"));
  });
});
