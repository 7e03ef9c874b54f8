/** The API, wired: which routes get which parts. */

import type { Logger as PinoLogger } from "pino";
import type { Passkey } from "../auth/passkey.ts";
import type { Accounts } from "../domain/accounts.ts";
import type { AdoptedFunctions } from "../domain/adoption.ts";
import type { AuditLog } from "../domain/audit.ts";
import type { Driver } from "../domain/driver.ts";
import type { EventBus } from "../domain/events.ts";
import type { ManifestReader } from "../domain/manifest.ts";
import type { FunctionUploads, ServiceLifecycle, ServiceLogs } from "../domain/operations.ts";
import type { ProjectDocuments } from "../domain/project-document.ts";
import type {
  CanvasBoard,
  ProjectAdmin,
  ProjectSpecs,
  ServiceEdits,
  StagedChanges,
} from "../domain/project-operations.ts";
import type { RegistryAdmin } from "../domain/registry.ts";
import type { RouteClaim } from "../domain/route-claim.ts";
import { urlsOf } from "../domain/route-urls.ts";
import type { SecretAdmin } from "../domain/secret.ts";
import type { SetupToken } from "../domain/setup-token.ts";
import type { Database } from "../domain/stores.ts";
import type { GatewayLink } from "../gateway/gateway-link.ts";
import { apiKeyRoutes } from "../http/api-keys.routes.ts";
import { type App, createApp } from "../http/app.ts";
import { auditRoutes } from "../http/audit.routes.ts";
import { authRoutes } from "../http/auth.routes.ts";
import { type Credentials, mayStillAsk } from "../http/authorize.ts";
import { backupRoutes } from "../http/backup.routes.ts";
import { canvasRoutes } from "../http/canvas/canvas.routes.ts";
import { containerRoutes } from "../http/containers.routes.ts";
import { deploymentRoutes } from "../http/deployments.routes.ts";
import { envVarRoutes } from "../http/env-vars.routes.ts";
import { functionSourceRoutes } from "../http/function-source.routes.ts";
import { functionRoutes } from "../http/functions.routes.ts";
import { lambdaFunctionRoutes } from "../http/lambdaathome-functions.routes.ts";
import { lambdaRuntimeRoutes } from "../http/lambdaathome-runtimes.routes.ts";
import { endStreams } from "../http/log-stream.ts";
import { manifestSchemaRoutes } from "../http/manifest-schema.routes.ts";
import type { Metrics } from "../http/metrics.ts";
import { pendingChangeRoutes } from "../http/pending-changes.routes.ts";
import { presetRoutes } from "../http/presets.routes.ts";
import { projectSpecRoutes } from "../http/project-specs.routes.ts";
import { projectRoutes } from "../http/projects.routes.ts";
import { registryRoutes } from "../http/registries.routes.ts";
import { runtimeRoutes } from "../http/runtimes.routes.ts";
import { secretRoutes } from "../http/secrets.routes.ts";
import { serviceDeploymentRoutes } from "../http/service-deployments.routes.ts";
import { serviceLogRoutes } from "../http/service-logs.routes.ts";
import { serviceRouteRoutes } from "../http/service-routes.routes.ts";
import { serviceViewer } from "../http/service-views.ts";
import { serviceRoutes } from "../http/services.routes.ts";
import { systemRoutes } from "../http/system.routes.ts";
import { systemAboutRoutes } from "../http/system-about.routes.ts";
import { systemUpgradeRoutes } from "../http/system-upgrade.routes.ts";
import { userRoutes } from "../http/users.routes.ts";
import { systemClock } from "../lib/system-clock.ts";
import type { BuildParts } from "./build-parts.ts";
import type { Config } from "./config.ts";
import { createRuntimeAdmin } from "./runtime-admin.ts";
import type { SystemParts } from "./system-parts.ts";
import { uploadRules } from "./upload-rules.ts";
import { functionUrl, routeBases, serverUrl } from "./urls.ts";

export type HttpParts = {
  readonly config: Config;
  readonly version: string;
  readonly logger: PinoLogger;
  readonly serverId: string;
  readonly database: Database;
  readonly driver: Driver;
  readonly parts: Pick<BuildParts, "runtimes" | "buildLogs" | "uploadsDir" | "presets" | "sources">;
  readonly gateway: Pick<GatewayLink, "connectedWorkers" | "serving">;
  readonly metrics: Metrics;
  readonly events: EventBus;
  readonly board: CanvasBoard;
  readonly passkey: Passkey;
  readonly accounts: Accounts;
  readonly auditLog: AuditLog;
  readonly setup: SetupToken;
  readonly manifests: ManifestReader;
  readonly uploads: FunctionUploads;
  readonly lifecycle: ServiceLifecycle;
  readonly projectAdmin: ProjectAdmin;
  readonly staged: StagedChanges;
  readonly serviceEdits: ServiceEdits;
  readonly specs: ProjectSpecs;
  readonly documents: ProjectDocuments;
  readonly logs: ServiceLogs;
  readonly secrets: SecretAdmin;
  readonly registries: RegistryAdmin;
  /** Functions started outside; undefined: none are adopted. */
  readonly adoption?: AdoptedFunctions | undefined;
  /** The port the gateway really listens on. */
  readonly publicPort: () => number;
  readonly reload: () => void;
  readonly system: Pick<SystemParts, "inspector" | "upgrades" | "backups">;
};

const JSON_LIMIT_BYTES = 1024 * 1024;

export function createHttp(wired: HttpParts): Promise<App> {
  const { config, logger, version, passkey, database, parts, driver } = wired;
  const runtimes = createRuntimeAdmin(parts.runtimes, database.services);
  const { uploadsDir, buildLogs } = parts;
  const shared = {
    stores: database,
    uploads: wired.uploads,
    lifecycle: wired.lifecycle,
    logs: wired.logs,
    buildLogs,
    rules: uploadRules(config),
    uploadsDir,
  };
  const functionOptions = {
    ...shared,
    images: driver,
    manifests: wired.manifests,
    runtimes,
    uploadLimitBytes: config.uploadLimitBytes,
    urlOf: (routeName: string) => functionUrl(config, wired.publicPort(), routeName),
    routeUrlsOf: (routes: readonly RouteClaim[]) => urlsOf(routes, routeBases(config, wired.publicPort())),
    adopted: wired.adoption,
    containerName: (
      service: { readonly name: string },
      slug: string,
      record: { readonly replica: number; readonly deploymentId: string },
    ) => `${config.prefix}-${slug}-${service.name}-${record.replica}-${record.deploymentId.slice(0, 8)}`,
  };
  const projectOptions = {
    ...functionOptions,
    projects: wired.projectAdmin,
    staged: wired.staged,
    edits: wired.serviceEdits,
    presets: parts.presets,
    ownHosts: shared.rules.ownHosts,
  };
  const { accounts } = wired;
  const credentials: Credentials = {
    admits: (credential) => passkey.admits(credential),
    identify: (token) => accounts.identify(token),
    findSession: (id) => accounts.findSession(id),
  };
  return createApp(
    {
      logger,
      version,
      bodyLimitBytes: JSON_LIMIT_BYTES,
      uploadLimitBytes: config.uploadLimitBytes,
      corsOrigin: config.corsOrigin,
      credentials,
      audit: wired.auditLog,
    },
    (app) => {
      systemRoutes(app, systemOptions(wired));
      systemAboutRoutes(app, wired.system);
      systemUpgradeRoutes(app, wired.system);
      backupRoutes(app, { ...wired.system, reload: async () => wired.reload() });
      lambdaRuntimeRoutes(app, { runtimes, uploadsDir });
      lambdaFunctionRoutes(app, { ...shared, engine: driver, serverId: wired.serverId });
      manifestSchemaRoutes(app, wired.manifests);
      functionRoutes(app, functionOptions);
      deploymentRoutes(app, functionOptions);
      secretRoutes(app, { secrets: wired.secrets, stores: database });
      registryRoutes(app, { registries: wired.registries });
      runtimeRoutes(app, { runtimes, uploadsDir });
      presetRoutes(app, { presets: parts.presets });
      serviceLogRoutes(app, functionOptions);
      endStreams(app, (request) => mayStillAsk(request, credentials));
      canvasRoutes(app, {
        ...projectOptions,
        board: wired.board,
        viewer: serviceViewer(projectOptions),
        events: wired.events,
        audit: wired.auditLog,
        credentials,
        findSession: credentials.findSession,
        logger,
      });
      authRoutes(app, { accounts, credentials, setupToken: wired.setup });
      apiKeyRoutes(app, { accounts });
      userRoutes(app, { accounts, users: database.users });
      auditRoutes(app, { audit: database.audit });
      projectRoutes(app, projectOptions);
      projectSpecRoutes(app, { ...projectOptions, specs: wired.specs, documents: wired.documents });
      functionSourceRoutes(app, { stores: database, sources: parts.sources });
      serviceRoutes(app, projectOptions);
      serviceDeploymentRoutes(app, projectOptions);
      containerRoutes(app, projectOptions);
      envVarRoutes(app, projectOptions);
      pendingChangeRoutes(app, projectOptions);
      serviceRouteRoutes(app, projectOptions);
    },
  );
}

function systemOptions(wired: HttpParts) {
  const { config, version, serverId, database, driver, gateway, metrics, passkey } = wired;
  return {
    version,
    serverId,
    startedAt: systemClock.now(),
    address: () => serverUrl(config, wired.publicPort()),
    baseDomain: config.baseDomain,
    driver: config.driver,
    stores: database,
    engine: driver,
    uploadLimitBytes: config.uploadLimitBytes,
    unpackedLimitBytes: config.unpackedLimitBytes,
    isGatewayReady: () => gateway.connectedWorkers.length > 0,
    isHandedOver: () => gateway.serving(version) >= config.gatewayWorkers,
    metrics: () => metrics.text(),
    reload: async () => wired.reload(),
    setupToken: wired.setup,
    adminToken: () => passkey.read(),
  };
}
