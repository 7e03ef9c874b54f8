/** Local containers are as hardened as a server's, and nothing of them is a server's. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { LABELS } from "../domain/labels.ts";
import { LOCAL_LABELS, type LocalContainerSpec, localContainerConfig } from "./local-config.ts";

const SPEC: LocalContainerSpec = {
  functionName: "hello",
  containerName: "slipway-local-hello-abcdef",
  purpose: "up",
  settingsHash: "h",
  madeAt: 1,
  image: "slipway/hello:latest",
  env: { PORT: "3000" },
  command: [],
  resources: { cpuMillicores: 500, memoryBytes: 64 * 1024 * 1024 },
  mounts: [{ source: "/s", target: "/secrets", readOnly: true }],
  networks: [],
  capabilities: [],
  isolation: "runc",
  port: { containerPort: 3000, hostPort: 32_000 },
};

test("the port is published on 127.0.0.1 only", () => {
  const { HostConfig, ExposedPorts } = localContainerConfig(SPEC);
  assert.deepEqual(HostConfig?.PortBindings, { "3000/tcp": [{ HostIp: "127.0.0.1", HostPort: "32000" }] });
  assert.deepEqual(Object.keys(ExposedPorts ?? {}), ["3000/tcp"]);
});

test("it is hardened as an instance is", () => {
  const { HostConfig = {} } = localContainerConfig(SPEC);
  assert.deepEqual(HostConfig.CapDrop, ["ALL"]);
  assert.ok(HostConfig.SecurityOpt?.includes("no-new-privileges"));
  assert.equal(HostConfig.Init, true);
  assert.equal(HostConfig.Memory, 64 * 1024 * 1024);
  assert.equal(HostConfig.NanoCpus, 500_000_000);
  assert.equal(HostConfig.Mounts?.[0]?.ReadOnly, true);
});

test("its labels name the function and no server; the first network is its main one", () => {
  const config = localContainerConfig({ ...SPEC, networks: ["faaso-net", "other"], port: null });
  assert.equal(config.Labels?.[LOCAL_LABELS.name], "hello");
  assert.equal(config.Labels?.[LABELS.server], undefined);
  assert.equal(config.HostConfig?.NetworkMode, "faaso-net");
  assert.deepEqual(config.NetworkingConfig?.EndpointsConfig, { "faaso-net": {} });
  assert.equal(config.HostConfig?.PortBindings, undefined);
});
