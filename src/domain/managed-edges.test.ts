import assert from "node:assert/strict";
import { test } from "node:test";
import type { CanvasEdge, CanvasNode } from "./canvas.ts";
import { isManagedEdge, planManagedEdges, type Reference, referencesBetween } from "./managed-edges.ts";
import type { ProjectState, ServiceState, Variable } from "./project-state.ts";
import { DEFAULT_SERVICE_SETTINGS } from "./service-settings.ts";

function service(name: string, given: Partial<ServiceState> = {}): ServiceState {
  const settings = { ...DEFAULT_SERVICE_SETTINGS, image: "x" };
  return {
    id: `id-${name}`,
    name,
    kind: "image",
    iconUrl: null,
    isPrivate: false,
    preset: null,
    groupId: null,
    settings,
    port: 80,
    ...given,
  };
}

function state(services: readonly ServiceState[], variables: readonly Omit<Variable, "id">[]): ProjectState {
  return {
    id: "p",
    name: "p",
    services,
    variables: variables.map((variable, i) => ({ id: String(i), ...variable })),
    groups: new Map(),
    groupIds: ["g"],
  };
}

const variable = (scopeId: string, key: string, value: string, scope: Variable["scope"] = "service") => ({
  ...{ scope, scopeId, key, value },
});

function node(serviceId: string | null, id = `node-${serviceId}`): CanvasNode {
  const place = { positionX: 0, positionY: 0, width: null, height: null, parentId: null };
  return {
    id,
    projectId: "p",
    type: "service",
    label: "",
    ...place,
    serviceId,
    data: "{}",
    createdAt: 0,
    updatedAt: 0,
  };
}

function ids(): () => string {
  let last = 0;
  return () => {
    last += 1;
    return `new-${last}`;
  };
}

const plan = (
  references: readonly Reference[],
  edges: readonly CanvasEdge[],
  nodes = [node("a"), node("b"), node("c")],
) => planManagedEdges("p", references, { nodes, edges }, ids());

const AB: Reference = { consumerId: "a", providerId: "b", keys: ["HOST_B", "URL_B"] };

test("references come from variables of every scope and from given ones, keys sorted", () => {
  const web = service("web", {
    groupId: "g",
    settings: { ...DEFAULT_SERVICE_SETTINGS, image: "x", givenEnv: { AAA: "$" + "{{ db.PORT }}" } },
  });
  const found = referencesBetween(
    state(
      [web, service("db"), service("cache"), service("mail")],
      [
        variable("id-web", "ZZZ", "$" + "{{ db.HOST }} and $" + "{{ cache.HOST }}"),
        variable("g", "G", "$" + "{{ cache.URL }}", "group"),
        variable("p", "MAIL", "$" + "{{ mail.HOST }}", "project"),
      ],
    ),
    () => undefined,
  );
  const shown = found.map(({ consumerId, providerId, keys }) => `${consumerId}>${providerId}:${keys.join()}`).sort();
  assert.deepEqual(shown, [
    "id-cache>id-mail:MAIL",
    "id-db>id-mail:MAIL",
    "id-web>id-cache:G,ZZZ",
    "id-web>id-db:AAA,ZZZ",
    "id-web>id-mail:MAIL",
  ]);
});

test("a reference to itself or to nobody draws nothing", () => {
  const value = "$" + "{{ web.HOST }} $" + "{{ nobody.HOST }} $" + "{HOME}";
  assert.deepEqual(
    referencesBetween(state([service("web")], [variable("id-web", "A", value)]), () => undefined),
    [],
  );
});

test("a new reference draws an edge from who refers to whom it refers to", () => {
  assert.deepEqual(plan([AB], []), {
    upserted: [
      {
        id: "new-1",
        projectId: "p",
        sourceId: "node-a",
        targetId: "node-b",
        label: "HOST_B, URL_B",
        data: '{"managed":"env-ref","keys":["HOST_B","URL_B"]}',
      },
    ],
    deleted: [],
  });
});

test("what is drawn already stays; other keys change it in its place; what is over goes, also when it is there twice", () => {
  const [edge] = plan([AB], []).upserted;
  assert.ok(edge);
  assert.deepEqual(plan([AB], [edge]), { upserted: [], deleted: [] });
  const changed = plan([{ ...AB, keys: ["URL_B"] }], [edge]);
  assert.deepEqual([changed.upserted[0]?.id, changed.upserted[0]?.label, changed.deleted], ["new-1", "URL_B", []]);
  assert.deepEqual(plan([], [edge]), { upserted: [], deleted: ["new-1"] });
  assert.deepEqual(plan([AB], [edge, { ...edge, id: "twice" }]), { upserted: [], deleted: ["twice"] });
});

test("edges that people drew are left alone; a service without a node has none", () => {
  const drawn: CanvasEdge = {
    id: "e",
    projectId: "p",
    sourceId: "node-a",
    targetId: "node-b",
    label: null,
    data: "{}",
  };
  const { upserted, deleted } = plan([AB], [drawn]);
  assert.deepEqual([upserted.length, upserted[0]?.id === "e", deleted], [1, false, []]);
  assert.deepEqual(plan([AB], [], [node("a")]), { upserted: [], deleted: [] });
});

test("only what says so is Slipway's own, whatever else stands there", () => {
  assert.ok(isManagedEdge({ data: '{"managed":"env-ref","keys":[]}' }));
  for (const data of ["", "null", "[]", "{", '"env-ref"', '{"managed":"mine"}', "{}"])
    assert.ok(!isManagedEdge({ data }), data);
});
