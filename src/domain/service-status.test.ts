import assert from "node:assert/strict";
import { test } from "node:test";
import { deployment, NOW, service } from "../../test/reconciler/planned-world.ts";
import { type InstanceRecord, slotOf } from "./instance.ts";
import { serviceStatus } from "./service-status.ts";

test("the service's status says what is true of its instances", () => {
  const active = deployment("good0000", { status: "healthy", replicas: 2 });
  const owner = service({ activeDeploymentId: "good0000" });
  const record = (replica: number, patch: Partial<InstanceRecord>): InstanceRecord => ({
    slot: slotOf("good0000", replica),
    serviceId: "s",
    projectId: "p",
    deploymentId: "good0000",
    replica,
    runtimeId: "c",
    address: "",
    port: 1,
    state: "ready",
    restartCount: 0,
    nextStartAt: 0,
    startedAt: 0,
    readyAt: NOW - 5_000,
    lastExitCode: null,
    lastLogTail: null,
    ...patch,
  });
  const status = (records: InstanceRecord[]): string => serviceStatus(owner, active, active, records, NOW);
  assert.equal(status([record(0, {}), record(1, {})]), "running");
  assert.equal(status([record(0, {}), record(1, { state: "waiting" })]), "degraded");
  assert.equal(status([record(0, {}), record(1, { state: "starting", readyAt: null })]), "running");
  assert.equal(status([record(0, {}), record(1, { state: "starting", restartCount: 1 })]), "degraded");
  assert.equal(status([record(0, {}), record(1, { state: "draining", nextStartAt: NOW })]), "degraded");
  assert.equal(status([record(0, { state: "waiting" }), record(1, { state: "starting" })]), "deploying");
  assert.equal(status([record(0, { state: "waiting", restartCount: 3, readyAt: null })]), "failed");
  assert.equal(status([record(0, {}), record(1, { restartCount: 3, readyAt: NOW - 300 })]), "degraded");
  assert.equal(status([record(0, {}), record(1, { restartCount: 3, readyAt: NOW - 10_000 })]), "running");
  const stopped = { ...owner, desired: "stopped" } as const;
  assert.equal(serviceStatus(stopped, active, active, [], NOW), "stopped");
  assert.equal(serviceStatus(stopped, deployment("x", { status: "starting" }), active, [], NOW), "deploying");
  assert.equal(serviceStatus(service(), undefined, undefined, [], NOW), "created");
  assert.equal(serviceStatus(service(), deployment("x", { status: "failed" }), undefined, [], NOW), "failed");
});

test("what is only built changes nothing of what a service is", () => {
  const active = deployment("good0000", { status: "healthy" });
  const built = deployment("d2", { status: "built", isHeld: true });
  assert.equal(serviceStatus(service(), built, undefined, [], NOW), "created");
  assert.equal(serviceStatus(service({ desired: "stopped" }), built, undefined, [], NOW), "stopped");
  assert.equal(serviceStatus(service({ desired: "stopped" }), built, active, [], NOW), "stopped");
});
