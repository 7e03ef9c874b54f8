import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { InstanceSpec } from "../domain/driver.ts";
import { EngineNames } from "./engine-names.ts";
import { instanceConfig } from "./instance-config.ts";

const spec: InstanceSpec = {
  projectSlug: "shop",
  projectNetworkIndex: 4,
  serviceId: "service-id",
  serviceName: "cart",
  serviceKind: "function",
  deploymentId: "0123456789abcdef",
  replica: 1,
  image: "slipway/shop/cart:0123",
  env: { PORT: "8080", EMPTY: "" },
  command: [],
  hostNumber: 9,
  resources: { cpuMillicores: 1500, memoryBytes: 1024 },
  mounts: [{ source: "/data/volumes/shop/cart/files", target: "/files", readOnly: true }],
  networks: [],
  capabilities: [],
  isolation: "runc",
  ports: [],
};
const names = new EngineNames("slipway", "server-id");
const placement = {
  name: names.instance(spec),
  network: names.network(spec.projectSlug),
  address: "10.210.4.9",
  gateway: "10.210.4.1",
  labels: names.instanceLabels(spec, "10.210.4.9"),
};

describe("instanceConfig", () => {
  it("binds host ports on the loopback address unless another one is set, and exposes the others", () => {
    const ports = [
      { containerPort: 5432, hostPort: 15432, protocol: "tcp" },
      { containerPort: 53, protocol: "udp" },
    ] as const;
    const config = instanceConfig({ ...spec, ports }, placement);
    assert.deepEqual(config.ExposedPorts, { "5432/tcp": {}, "53/udp": {} });
    assert.deepEqual(config.HostConfig?.PortBindings, { "5432/tcp": [{ HostIp: "127.0.0.1", HostPort: "15432" }] });
    const open = instanceConfig({ ...spec, ports }, { ...placement, hostPortAddress: "0.0.0.0" });
    assert.deepEqual(open.HostConfig?.PortBindings, { "5432/tcp": [{ HostIp: "0.0.0.0", HostPort: "15432" }] });
    assert.equal(instanceConfig(spec, placement).HostConfig?.PortBindings, undefined);
  });

  it("names and labels the container so that it is known to be ours", () => {
    const { name, Labels } = instanceConfig(spec, placement);
    assert.equal(name, "slipway-shop-cart-1-01234567");
    assert.deepEqual(Labels, {
      "slipway.managed": "true",
      "slipway.server": "server-id",
      "slipway.project": "shop",
      "slipway.service": "service-id",
      "slipway.deployment": "0123456789abcdef",
      "slipway.replica": "1",
      "slipway.image": "slipway/shop/cart:0123",
      "slipway.address": "10.210.4.9",
    });
  });

  it("puts it on its project's network with its own address and without an alias", () => {
    const { HostConfig, NetworkingConfig } = instanceConfig(spec, placement);
    assert.equal(HostConfig?.NetworkMode, "slipway-shop");
    assert.deepEqual(NetworkingConfig, {
      EndpointsConfig: { "slipway-shop": { IPAMConfig: { IPv4Address: "10.210.4.9" } } },
    });
    assert.deepEqual(HostConfig?.ExtraHosts, ["slipway:10.210.4.1", "faaso-proxy:10.210.4.1"]);
  });

  it("leaves the image's command and user alone unless a command is given", () => {
    assert.equal("Cmd" in instanceConfig(spec, placement), false);
    assert.equal("User" in instanceConfig(spec, placement), false);
    assert.deepEqual(instanceConfig({ ...spec, command: ["a", "b c"] }, placement).Cmd, ["a", "b c"]);
  });

  it("hands env and limits over, and sets none where there are none", () => {
    const limited = instanceConfig(spec, placement);
    assert.deepEqual(limited.Env, ["PORT=8080", "EMPTY="]);
    assert.partialDeepStrictEqual(limited.HostConfig, { Memory: 1024, MemorySwap: 1024, NanoCpus: 1_500_000_000 });
    const free = instanceConfig({ ...spec, resources: { cpuMillicores: null, memoryBytes: null } }, placement);
    assert.ok(free.HostConfig && !("Memory" in free.HostConfig) && !("NanoCpus" in free.HostConfig));
    assert.equal(free.HostConfig.PidsLimit, 512);
  });

  it("mounts, never binds: a missing source must be an error", () => {
    const { HostConfig } = instanceConfig(spec, placement);
    assert.equal(HostConfig?.Binds, undefined);
    assert.deepEqual(HostConfig?.Mounts, [
      { Type: "bind", Source: "/data/volumes/shop/cart/files", Target: "/files", ReadOnly: true },
    ]);
  });

  it("publishes no port", () => {
    assert.equal(instanceConfig(spec, placement).HostConfig?.PortBindings, undefined);
  });
});
