/** Whole records for the database's tests: every field set to something, those that matter given by the test. */

import type { ApiKey } from "../../../src/domain/api-key.ts";
import type { AuditRecord } from "../../../src/domain/audit.ts";
import type { Build } from "../../../src/domain/build.ts";
import type { CanvasEdge, CanvasNode } from "../../../src/domain/canvas.ts";
import type { Deployment } from "../../../src/domain/deployment.ts";
import type { EnvVar } from "../../../src/domain/env-var.ts";
import type { InstanceRecord } from "../../../src/domain/instance.ts";
import type { ChangeBody, PendingChange } from "../../../src/domain/pending-change.ts";
import type { Project } from "../../../src/domain/project.ts";
import type { RegistryRecord } from "../../../src/domain/registry.ts";
import type { RouteRecord } from "../../../src/domain/route-claim.ts";
import type { Runtime } from "../../../src/domain/runtime.ts";
import type { SecretRecord } from "../../../src/domain/secret.ts";
import type { Service } from "../../../src/domain/service.ts";
import type { Session } from "../../../src/domain/session.ts";
import type { User } from "../../../src/domain/user.ts";

/** Its slug is its id. */
export function sampleProject(id: string, given: Partial<Project> = {}): Omit<Project, "networkIndex"> {
  return { id, name: `Project ${id}`, slug: id, createdAt: 1_000, updatedAt: 1_000, ...given };
}

/** Its name and route name are its id. */
export function sampleService(id: string, projectId: string, given: Partial<Service> = {}): Service {
  return {
    id,
    projectId,
    name: id,
    kind: "function",
    status: "created",
    desired: "running",
    replicas: 3,
    isPrivate: false,
    routeName: id,
    localPort: null,
    tag: null,
    runtime: "node",
    volumeText: "./data:/data",
    iconUrl: null,
    preset: "postgres",
    volumesName: id,
    formerNames: ["older", "oldest"],
    activeDeploymentId: null,
    createdAt: 1_700_000_000_000,
    updatedAt: 1_700_000_000_001,
    ...given,
  };
}

export function sampleDeployment(id: string, serviceId: string, given: Partial<Deployment> = {}): Deployment {
  return {
    id,
    serviceId,
    status: "pending",
    image: "slipway/default/hello:0123456789ab",
    sourceId: "a".repeat(64),
    buildId: "b-1",
    runtime: "node",
    wantedImage: "registry.example.com/hello:1",
    env: { GREETING: 'hi "you" ✓', EMPTY: "" },
    givenEnv: { GREETING: "{{ project.GREETING }}" },
    ports: [
      { containerPort: 80, hostPort: 8081, protocol: "tcp" },
      { containerPort: 53, protocol: "udp" },
    ],
    listenPorts: [3000, 8080],
    replicas: 2,
    declaredReplicas: 2,
    isHeld: true,
    awaitsStart: true,
    restart: "on-failure",
    options: { ship_packages: ["curl", "jq"], healthcheck_command: "true" },
    buildInputs: { args: { LEVEL: "1" }, secrets: ["token"] },
    secrets: ["api-key"],
    networks: ["faaso-net"],
    capabilities: ["NET_BIND_SERVICE"],
    isolation: "gvisor",
    routes: [{ kind: "path", value: "/sum" }],
    test: { kind: "http", path: "/ping", status: 200, body: "OK" },
    declared: { services: ["db"], scale: { max: 3 } },
    resources: { cpuMillicores: 500, memoryBytes: 8 * 1024 ** 3 },
    command: ["node", "main.js"],
    health: { path: "/ping", intervalMs: 10_000, timeoutMs: 2_000, allowsNotFound: false },
    startMs: 60_000,
    timeoutMs: 30_000,
    volumes: [{ source: "data", target: "/data", readOnly: false }],
    localPort: 9002,
    tag: "hello:1",
    volumeText: "./data:/data",
    failureReason: null,
    exitCode: null,
    logTail: null,
    configHash: "c".repeat(64),
    attemptCount: 0,
    startedAt: null,
    healthyAt: null,
    finishedAt: null,
    createdAt: 1_700_000_000_000,
    ...given,
  };
}

export function sampleBuild(id: string, serviceId: string, given: Partial<Build> = {}): Build {
  return {
    id,
    serviceId,
    sourceId: "a".repeat(64),
    runtime: null,
    status: "queued",
    contentHash: null,
    image: null,
    wasCached: false,
    error: null,
    createdAt: 1_700_000_000_000,
    startedAt: null,
    finishedAt: null,
    ...given,
  };
}

export function sampleInstance(slot: string, service: Service, given: Partial<InstanceRecord> = {}): InstanceRecord {
  return {
    slot,
    serviceId: service.id,
    projectId: service.projectId,
    deploymentId: "d-1",
    replica: 0,
    runtimeId: null,
    address: "10.0.0.2",
    port: null,
    state: "starting",
    restartCount: 0,
    nextStartAt: 0,
    startedAt: 1_700_000_000_000,
    readyAt: null,
    lastExitCode: null,
    lastLogTail: null,
    ...given,
  };
}

export function sampleRuntime(name: string, given: Partial<Runtime> = {}): Runtime {
  return {
    name,
    origin: "uploaded",
    shape: "dockerfile",
    path: `${name}.dockerfile`,
    description: "a runtime",
    protocol: "http",
    defaultPort: 8080,
    healthPath: "/ping",
    options: { ship_packages: ["curl"] },
    memoryBytes: 64 * 1024 ** 2,
    codeFile: "index.js",
    reload: { folder: "/app", rebuildOn: ["package.json"] },
    createdAt: 1_000,
    updatedAt: 1_000,
    ...given,
  };
}

export function sampleRoute(id: string, serviceId: string, given: Partial<RouteRecord> = {}): RouteRecord {
  return { id, serviceId, kind: "path", value: `/${id}`, origin: "manifest", createdAt: 1_000, ...given };
}

export function sampleSecret(id: string, projectId: string, given: Partial<SecretRecord> = {}): SecretRecord {
  const times = { createdAt: 1_000, updatedAt: 1_000 };
  return { id, projectId, functionName: null, name: id, sealed: "c2VhbGVk", ...times, ...given };
}

export function sampleRegistry(host: string, given: Partial<RegistryRecord> = {}): RegistryRecord {
  return { host, username: "me", sealedPassword: "c2VhbGVk", createdAt: 1_000, updatedAt: 1_000, ...given };
}

/** Its e-mail is `<id>@example.com`. */
export function sampleUser(id: string, given: Partial<User> = {}): User {
  const email = `${id}@example.com`;
  const times = { createdAt: 1_000, updatedAt: 1_000 };
  return { id, email, name: `User ${id}`, role: "member", passwordHash: "$argon2id$v=19$…", ...times, ...given };
}

/** Its hashes are made of its id. */
export function sampleSession(id: string, userId: string, given: Partial<Session> = {}): Session {
  return {
    id,
    userId,
    accessHash: `access-${id}`,
    familyHash: `family-${id}`,
    refreshHash: "refresh",
    expiresAt: 2_000,
    refreshExpiresAt: 3_000,
    createdAt: 1_000,
    ...given,
  };
}

/** Its hash is made of its id. */
export function sampleApiKey(id: string, userId: string, given: Partial<ApiKey> = {}): ApiKey {
  return {
    id,
    userId,
    description: "for CI",
    prefix: "slw_abcd",
    tokenHash: `token-${id}`,
    expiresAt: null,
    lastUsedAt: null,
    createdAt: 1_000,
    ...given,
  };
}

export function sampleAudit(id: string, given: Partial<AuditRecord> = {}): AuditRecord {
  return {
    id,
    at: 1_000,
    actorKind: "session",
    userId: "u",
    actorName: "u@example.com",
    action: "POST /api/projects/:p/deploy",
    target: "/api/projects/shop/deploy",
    status: 202,
    from: "192.0.2.1",
    requestId: "r-1",
    ...given,
  };
}

/** A variable of the project unless told otherwise; its key is its id. */
export function sampleEnvVar(id: string, projectId: string, given: Partial<EnvVar> = {}): EnvVar {
  const times = { createdAt: 1_000, updatedAt: 1_000 };
  return { id, projectId, scope: "project", scopeId: projectId, key: id, value: `value of ${id}`, ...times, ...given };
}

/** A note unless told otherwise. */
export function sampleNode(id: string, projectId: string, given: Partial<CanvasNode> = {}): CanvasNode {
  return {
    id,
    projectId,
    type: "note",
    label: id,
    positionX: 12.5,
    positionY: -40,
    width: 100,
    height: null,
    serviceId: null,
    parentId: null,
    data: '{"color":"#fff"}',
    createdAt: 1_000,
    updatedAt: 1_000,
    ...given,
  };
}

export function sampleEdge(id: string, projectId: string, ends: readonly [string, string]): CanvasEdge {
  return { id, projectId, sourceId: ends[0], targetId: ends[1], label: null, data: "{}" };
}

/** Renames the project unless told otherwise. */
export function sampleChange(
  id: string,
  projectId: string,
  given: { readonly seq?: number; readonly userId?: string | null; readonly body?: ChangeBody } = {},
): PendingChange {
  const { seq = 1, userId = null, body = { op: "project.update", payload: { name: "New" } } } = given;
  return { ...body, id, projectId, seq, userId, createdAt: 1_000 };
}
