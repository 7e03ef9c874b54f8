/** Random operations on a database and what came of them, to compare implementations with each other. */

import fc from "fast-check";
import { AppError } from "../../../src/domain/errors.ts";
import type { Database, Stores } from "../../../src/domain/stores.ts";
import {
  sampleApiKey,
  sampleAudit,
  sampleBuild,
  sampleChange,
  sampleDeployment,
  sampleEdge,
  sampleEnvVar,
  sampleInstance,
  sampleNode,
  sampleProject,
  sampleRegistry,
  sampleRoute,
  sampleRuntime,
  sampleSecret,
  sampleService,
  sampleSession,
  sampleUser,
} from "./sample-records.ts";

/** One call; what it answers is compared, or the code of the AppError it throws. */
export type Operation = (stores: Stores) => Promise<unknown>;
/** Operations one by one, or together in a transaction that in the end fails or does not. */
export type Step = { readonly operations: readonly Operation[]; readonly as: "single" | "transaction" | "failing" };

const id = fc.constantFrom("a", "b", "c");
const time = fc.integer({ min: 0, max: 5 });
const text = fc.constantFrom("", "a", "B", "b%", "_", "Ä", "ä\\");
const scope = fc.constantFrom("project", "group", "service");
const page = fc.record({ offset: fc.nat(3), limit: fc.nat(3) }, { requiredKeys: [] });
const serviceFields = fc.record(
  {
    name: id,
    routeName: id,
    localPort: fc.constantFrom(null, 9000, 9001),
    tag: fc.constantFrom(null, "a:1", "b:1"),
    isPrivate: fc.boolean(),
    activeDeploymentId: fc.option(id),
  },
  { requiredKeys: [] },
);

/** An operation with random arguments. A name in its text form makes a counterexample readable. */
function operation<A extends unknown[]>(
  name: string,
  arguments_: { [K in keyof A]: fc.Arbitrary<A[K]> },
  call: (stores: Stores, ...values: A) => Promise<unknown>,
): fc.Arbitrary<Operation> {
  return fc.tuple<A>(...arguments_).map((values) => {
    const bound: Operation = (stores) => call(stores, ...values);
    return Object.assign(bound, { [fc.toStringMethod]: () => `${name}(${fc.stringify(values)})` });
  });
}

const anyOperation = fc.oneof(
  operation("projects.create", [id, id, time], (s, key, slug, createdAt) =>
    s.projects.create(sampleProject(key, { slug, createdAt })),
  ),
  operation("projects.update", [id, time], (s, key, updatedAt) => s.projects.update(key, { updatedAt })),
  operation("projects.remove", [id], (s, key) => s.projects.remove(key)),
  operation("projects.list", [page], (s, slice) => s.projects.list(slice)),
  operation("projects.forgetLeaving", [id], (s, slug) => s.projects.forgetLeaving(slug)),
  operation("projects.listLeaving", [], (s) => s.projects.listLeaving()),
  operation("services.create", [id, id, serviceFields], (s, key, project, fields) =>
    s.services.create(sampleService(key, project, fields)),
  ),
  operation("services.update", [id, serviceFields], (s, key, fields) => s.services.update(key, fields)),
  operation("services.remove", [id], (s, key) => s.services.remove(key)),
  operation("services.count", [id], (s, name) => s.services.count({ name })),
  operation("services.list", [page, fc.option(id, { nil: undefined })], (s, slice, projectId) =>
    s.services.list({ ...slice, ...(projectId !== undefined && { projectId }) }),
  ),
  operation("deployments.create", [id, id, time], (s, key, service, createdAt) =>
    s.deployments.create(sampleDeployment(key, service, { createdAt })),
  ),
  operation("deployments.update", [id, fc.dictionary(fc.string(), fc.string())], (s, key, env) =>
    s.deployments.update(key, { env, status: "healthy" }),
  ),
  operation("deployments.remove", [id], (s, key) => s.deployments.remove(key)),
  operation("deployments.list", [page], (s, slice) => s.deployments.list({ ...slice, statuses: ["pending"] })),
  operation("builds.create", [id, id, time], (s, key, service, createdAt) =>
    s.builds.create(sampleBuild(key, service, { createdAt })),
  ),
  operation("builds.update", [id, fc.boolean()], (s, key, wasCached) => s.builds.update(key, { wasCached })),
  operation("instances.put", [id, id, id], (s, slot, service, project) =>
    s.instances.put(sampleInstance(slot, sampleService(service, project))),
  ),
  operation("instances.update", [id, time], (s, slot, nextStartAt) => s.instances.update(slot, { nextStartAt })),
  operation("instances.remove", [id], (s, slot) => s.instances.remove(slot)),
  operation("addresses.claim", [id, id, time], (s, project, slot, now) => s.addresses.claim(project, slot, now, 2)),
  operation("addresses.release", [id, id, time], (s, project, slot, now) => s.addresses.release(project, slot, now)),
  operation("runtimes.put", [id, time], (s, name, updatedAt) => s.runtimes.put(sampleRuntime(name, { updatedAt }))),
  operation("runtimes.remove", [id], (s, name) => s.runtimes.remove(name)),
  operation("routes.create", [id, id, fc.constantFrom("/a", "/b")], (s, key, service, value) =>
    s.routes.create(sampleRoute(key, service, { value })),
  ),
  operation("routes.remove", [id], (s, key) => s.routes.remove(key)),
  operation("routes.list", [id], (s, serviceId) => s.routes.list({ serviceId })),
  operation("secrets.put", [id, id, fc.option(id), id, time], (s, key, project, functionName, name, updatedAt) =>
    s.secrets.put(sampleSecret(`${key}${project}${functionName}${name}`, project, { functionName, name, updatedAt })),
  ),
  operation("secrets.remove", [id, fc.option(id), id], (s, projectId, functionName, name) =>
    s.secrets.remove({ projectId, functionName, name }),
  ),
  operation("secrets.list", [id, fc.option(id)], (s, projectId, functionName) =>
    s.secrets.list({ projectId, functionName }),
  ),
  operation("registries.put", [id, time], (s, host, updatedAt) =>
    s.registries.put(sampleRegistry(host, { updatedAt })),
  ),
  operation("registries.remove", [id], (s, host) => s.registries.remove(host)),
  operation("settings.put", [id, fc.string()], (s, key, value) => s.settings.put(key, value)),
  operation("users.create", [id, id, text, time], (s, key, email, name, createdAt) =>
    s.users.create(sampleUser(key, { email, name, createdAt })),
  ),
  operation("users.update", [id, id], (s, key, email) => s.users.update(key, { email })),
  operation("users.remove", [id], (s, key) => s.users.remove(key)),
  operation("users.list", [page, text], (s, slice, name) => s.users.list({ ...slice, name })),
  operation("users.count", [text, text], (s, name, email) => s.users.count({ name, email })),
  operation("sessions.create", [id, id, id, id, time], (s, key, user, accessHash, familyHash, refreshExpiresAt) =>
    s.sessions.create(sampleSession(key, user, { accessHash, familyHash, refreshExpiresAt })),
  ),
  operation("sessions.update", [id, id, time], (s, key, accessHash, time) =>
    s.sessions.update(key, { accessHash, refreshHash: "new", expiresAt: time, refreshExpiresAt: time }),
  ),
  operation("sessions.find", [id, id], async (s, access, family) => [
    await s.sessions.findByAccessHash(access),
    await s.sessions.findByFamilyHash(family),
  ]),
  operation("sessions.removeExpired", [time], (s, now) => s.sessions.removeExpired(now)),
  operation("apiKeys.create", [id, id, id], (s, key, user, tokenHash) =>
    s.apiKeys.create(sampleApiKey(key, user, { tokenHash })),
  ),
  operation("apiKeys.touch", [id, time], (s, key, at) => s.apiKeys.touch(key, at)),
  operation("apiKeys.remove", [id], (s, key) => s.apiKeys.remove(key)),
  operation("audit.add", [id, time, text], (s, key, at, target) => s.audit.add(sampleAudit(key, { at, target }))),
  operation("audit.list", [page, text, time], (s, slice, search, since) => s.audit.list({ ...slice, search, since })),
  operation("audit.keepNewest", [fc.nat(3)], (s, count) => s.audit.keepNewest(count)),
  operation("envVars.create", [id, id, scope, id, id], (s, key, project, of, scopeId, name) =>
    s.envVars.create(sampleEnvVar(key, project, { scope: of, scopeId, key: name })),
  ),
  operation("envVars.update", [id, fc.string()], (s, key, value) => s.envVars.update(key, { value, updatedAt: 9 })),
  operation("envVars.removeScope", [scope, id], (s, of, scopeId) => s.envVars.removeScope(of, scopeId)),
  operation("envVars.list", [scope, id], (s, of, scopeId) => s.envVars.list({ scope: of, scopeId })),
  operation("canvas.putNode", [id, id, fc.option(id), fc.option(id), time], (s, key, project, service, parent, at) =>
    s.canvas.putNode(sampleNode(key, project, { serviceId: service, parentId: parent, createdAt: at })),
  ),
  operation("canvas.removeNode", [id], (s, key) => s.canvas.removeNode(key)),
  operation("canvas.putEdge", [id, id, id, id], (s, key, project, source, target) =>
    s.canvas.putEdge(sampleEdge(key, project, [source, target])),
  ),
  operation("pendingChanges.create", [id, id, time, fc.option(id)], (s, key, project, seq, userId) =>
    s.pendingChanges.create(sampleChange(key, project, { seq, userId })),
  ),
  operation("pendingChanges.update", [id, id], (s, key, name) => s.pendingChanges.update(key, { name })),
  operation("pendingChanges.clear", [id], (s, project) => s.pendingChanges.clear(project)),
);

export const anySteps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    operations: fc.array(anyOperation, { minLength: 1, maxLength: 8 }),
    as: fc.constantFrom("single", "single", "transaction", "failing"),
  }),
  { maxLength: 12 },
);

/** What every operation answered, in order, and all that is in the database in the end. */
export async function play(database: Database, steps: readonly Step[]): Promise<unknown> {
  const outcomes: unknown[] = [];
  const playAll = async (stores: Stores, operations: readonly Operation[]) => {
    for (const each of operations) outcomes.push(await outcomeOf(each(stores)));
  };
  for (const step of steps) {
    if (step.as === "single") await playAll(database, step.operations);
    else await outcomeOf(database.transact((tx) => playThenEnd(() => playAll(tx, step.operations), step.as)));
  }
  return { outcomes, content: await contentOf(database) };
}

async function playThenEnd(playing: () => Promise<void>, as: Step["as"]): Promise<void> {
  await playing();
  if (as === "failing") throw new AppError("cancelled", "The end of a failing transaction.");
}

async function outcomeOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return { answer: await call };
  } catch (error) {
    if (error instanceof AppError) return { code: error.code };
    throw error;
  }
}

async function contentOf(database: Database): Promise<unknown> {
  return {
    projects: await database.projects.list(),
    leaving: await database.projects.listLeaving(),
    services: await database.services.list(),
    deployments: await database.deployments.list({}),
    builds: await database.builds.list({}),
    instances: await database.instances.list(),
    routes: await database.routes.list(),
    secrets: await database.secrets.list(),
    registries: await database.registries.list(),
    runtimes: await database.runtimes.list(),
    settings: await inEach((key) => database.settings.find(key)),
    users: await database.users.list(),
    apiKeys: await inEach((user) => database.apiKeys.list(user)),
    audit: await database.audit.list(),
    envVars: await database.envVars.list({}),
    nodes: await inEach((project) => database.canvas.listNodes(project)),
    edges: await inEach((project) => database.canvas.listEdges(project)),
    changes: await inEach((project) => database.pendingChanges.list(project)),
    sessions: await inEach((hash) => database.sessions.findByAccessHash(hash)),
  };
}

function inEach(read: (key: string) => Promise<unknown>): Promise<unknown[]> {
  return Promise.all(["a", "b", "c"].map(read));
}
