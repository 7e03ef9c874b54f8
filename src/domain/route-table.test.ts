import assert from "node:assert/strict";
import { test } from "node:test";
import {
  sampleDeployment,
  sampleInstance,
  sampleProject,
  sampleService,
} from "../../test/contract/database/sample-records.ts";
import type { InstanceRecord } from "./instance.ts";
import type { RouteRecord } from "./route-claim.ts";
import { buildRouteTable, type RouteTableInput } from "./route-table.ts";
import type { Service } from "./service.ts";

const PROJECT = { ...sampleProject("p"), networkIndex: 0 };
const SERVICE = sampleService("s", "p", { activeDeploymentId: "d", localPort: 9002 });
const ACTIVE = sampleDeployment("d", "s", { status: "healthy", timeoutMs: 1234 });

const NOTHING: RouteTableInput = {
  projects: [],
  services: [],
  deployments: [],
  records: [],
  routes: [],
  adopted: [],
  baseDomain: null,
  pathHost: null,
  insideAddresses: [],
};

const record = (n: number, given: Partial<InstanceRecord> = {}): InstanceRecord =>
  sampleInstance(`d-${n}`, SERVICE, { deploymentId: "d", state: "ready", port: 80, address: `10.0.0.${n}`, ...given });

function table(records: readonly InstanceRecord[], service: Service = SERVICE, deployments = [ACTIVE]) {
  return buildRouteTable({ ...NOTHING, projects: [PROJECT], services: [service], deployments, records });
}

test("targets are the ready instances of the deployment that serves, with a port, sorted", () => {
  const records = [
    record(3),
    record(1),
    record(2, { state: "draining" }),
    record(4, { port: null }),
    record(5, { deploymentId: "next" }),
  ];
  const [route] = table(records).services;
  assert.deepEqual(
    route?.targets.map((t) => t.slot),
    ["d-1", "d-3"],
  );
  assert.partialDeepStrictEqual(route, { state: "ready", timeoutMs: 1234, name: "s" });
  assert.deepEqual(table(records).localPorts, [[9002, "s"]]);
});

test("a private service has no route, no label and no port", () => {
  const { services, labels, localPorts } = table([record(1)], { ...SERVICE, isPrivate: true });
  assert.deepEqual([services, labels, localPorts], [[], [], []]);
});

test("requests wait for a service that will be back at once, and are told when it will not", () => {
  const state = (...given: Parameters<typeof table>) => table(...given).services[0]?.state;
  assert.equal(state([record(1, { state: "waiting", restartCount: 2 })]), "parked");
  assert.equal(state([]), "parked");
  assert.equal(state([record(1, { state: "waiting", restartCount: 3 })]), "failed");
  assert.equal(state([record(1, { state: "waiting", restartCount: 3 }), record(2, { state: "starting" })]), "parked");
  assert.equal(state([record(1)], { ...SERVICE, desired: "stopped" }), "stopped");
  const fresh = { ...SERVICE, activeDeploymentId: null };
  assert.equal(state([], fresh, [{ ...ACTIVE, status: "building" }]), "building");
  assert.equal(state([], fresh, [{ ...ACTIVE, status: "starting" }]), "starting");
  assert.equal(state([], fresh, []), "failed");
});

test("what does not serve yet gets no request, ready or not", () => {
  const next = sampleDeployment("n", "s", { status: "starting" });
  const records = [record(1), sampleInstance("n-0", SERVICE, { deploymentId: "n", state: "ready", port: 80 })];
  assert.deepEqual(
    table(records, SERVICE, [ACTIVE, next]).services[0]?.targets.map((t) => t.slot),
    ["d-1"],
  );
});

const claim = (kind: RouteRecord["kind"], value: string, serviceId = "s"): RouteRecord => ({
  id: value,
  serviceId,
  kind,
  value,
  origin: "manifest",
  createdAt: 0,
});

test("hosts and paths lead to services that are reachable, sorted", () => {
  const hidden = sampleService("hidden", "p", { isPrivate: true });
  const routes = [claim("path", "/b"), claim("host", "x.test"), claim("path", "/a"), claim("path", "/c", "hidden")];
  const { hosts, paths } = buildRouteTable({ ...NOTHING, projects: [PROJECT], services: [SERVICE, hidden], routes });
  assert.deepEqual(hosts, [["x.test", "s"]]);
  assert.deepEqual(paths, [
    ["/a", "s"],
    ["/b", "s"],
  ]);
});

test("a host that is a service's own by its name and the base domain leads nowhere else", () => {
  const other = sampleService("other", "p", { name: "other", routeName: "other" });
  const own = claim("host", `${SERVICE.routeName}.example.com`, "other");
  const routes = [own, claim("host", `other.example.com`, "other"), claim("host", "free.example.com", "other")];
  const given = { ...NOTHING, projects: [PROJECT], services: [SERVICE, other], routes };
  const hostsOf = (baseDomain: string | null) => buildRouteTable({ ...given, baseDomain }).hosts.map(([host]) => host);
  assert.deepEqual(hostsOf("example.com"), ["free.example.com", "other.example.com"]);
  assert.ok(hostsOf(null).includes(own.value));
});

test("what others started serves at its name, all of its containers, unless a service has that name", () => {
  const instance = (id: string) => ({ id, name: `faaso-${id}`, address: `10.9.0.${id}`, startedAt: 0 });
  const adopted = [
    { name: "whatever", instances: [instance("1"), instance("2")] },
    { name: SERVICE.routeName, instances: [instance("3")] },
  ];
  const built = buildRouteTable({ ...NOTHING, projects: [PROJECT], services: [SERVICE], adopted });
  assert.deepEqual(
    built.labels.map(([label]) => label),
    [SERVICE.routeName, "whatever"].toSorted(),
  );
  const outside = built.services.find((s) => s.serviceId === "adopted:whatever");
  assert.equal(outside?.state, "ready");
  assert.deepEqual(
    outside?.targets.map(({ address, port }) => `${address}:${port}`),
    ["10.9.0.1:3000", "10.9.0.2:3000"],
  );
});
