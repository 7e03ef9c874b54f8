/** All stores over one database or one transaction. Knows no dialect. */

import type { Stores } from "../domain/stores.ts";
import { SqlAddressStore } from "./address-store.ts";
import { SqlApiKeyStore } from "./api-key-store.ts";
import { SqlAuditStore } from "./audit-store.ts";
import { SqlBuildStore } from "./build-store.ts";
import { SqlCanvasStore } from "./canvas-store.ts";
import { SqlDeploymentStore } from "./deployment-store.ts";
import { SqlEnvVarStore } from "./env-var-store.ts";
import { SqlInstanceStore } from "./instance-store.ts";
import { SqlPendingChangeStore } from "./pending-change-store.ts";
import { SqlProjectStore } from "./project-store.ts";
import { SqlRegistryStore } from "./registry-store.ts";
import { SqlRouteStore } from "./route-store.ts";
import { SqlRuntimeStore } from "./runtime-store.ts";
import type { SchemaDb } from "./schema.ts";
import { SqlSecretStore } from "./secret-store.ts";
import { SqlServiceStore } from "./service-store.ts";
import { SqlSessionStore } from "./session-store.ts";
import { SqlSettingStore } from "./setting-store.ts";
import { SqlUserStore } from "./user-store.ts";

export function createSqlStores(db: SchemaDb): Stores {
  return {
    projects: new SqlProjectStore(db),
    services: new SqlServiceStore(db),
    deployments: new SqlDeploymentStore(db),
    builds: new SqlBuildStore(db),
    instances: new SqlInstanceStore(db),
    addresses: new SqlAddressStore(db),
    runtimes: new SqlRuntimeStore(db),
    routes: new SqlRouteStore(db),
    secrets: new SqlSecretStore(db),
    registries: new SqlRegistryStore(db),
    settings: new SqlSettingStore(db),
    users: new SqlUserStore(db),
    sessions: new SqlSessionStore(db),
    apiKeys: new SqlApiKeyStore(db),
    audit: new SqlAuditStore(db),
    envVars: new SqlEnvVarStore(db),
    canvas: new SqlCanvasStore(db),
    pendingChanges: new SqlPendingChangeStore(db),
  };
}
