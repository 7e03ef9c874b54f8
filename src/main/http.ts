/** The API, wired: which routes get which parts. */

import type { Logger as PinoLogger } from "pino";
import type { Passkey } from "../auth/passkey.ts";
import type { AdoptedFunctions } from "../domain/adoption.ts";
import type { Driver } from "../domain/driver.ts";
import type { ManifestReader } from "../domain/manifest.ts";
import type { FunctionUploads, ServiceLifecycle, ServiceLogs } from "../domain/operations.ts";
import type { RegistryAdmin } from "../domain/registry.ts";
import type { RouteClaim } from "../domain/route-claim.ts";
import { urlsOf } from "../domain/route-urls.ts";
import type { SecretAdmin } from "../domain/secret.ts";
import type { SetupToken } from "../domain/setup-token.ts";
import type { Database } from "../domain/stores.ts";
import type { GatewayLink } from "../gateway/gateway-link.ts";
import { type App, createApp } from "../http/app.ts";
import { deploymentRoutes } from "../http/deployments.routes.ts";
import { functionRoutes } from "../http/functions.routes.ts";
import { lambdaFunctionRoutes } from "../http/lambdaathome-functions.routes.ts";
import { lambdaRuntimeRoutes } from "../http/lambdaathome-runtimes.routes.ts";
import { manifestSchemaRoutes } from "../http/manifest-schema.routes.ts";
import type { Metrics } from "../http/metrics.ts";
import { registryRoutes } from "../http/registries.routes.ts";
import { runtimeRoutes } from "../http/runtimes.routes.ts";
import { secretRoutes } from "../http/secrets.routes.ts";
import { systemRoutes } from "../http/system.routes.ts";
import { systemClock } from "../lib/system-clock.ts";
import type { BuildParts } from "./build-parts.ts";
import type { Config } from "./config.ts";
import { createRuntimeAdmin } from "./runtime-admin.ts";
import { uploadRules } from "./upload-rules.ts";
import { functionUrl, routeBases, serverUrl } from "./urls.ts";

export type HttpParts = {
  readonly config: Config;
  readonly version: string;
  readonly logger: PinoLogger;
  readonly serverId: string;
  readonly database: Database;
  readonly driver: Driver;
  readonly parts: Pick<BuildParts, "runtimes" | "buildLogs" | "uploadsDir">;
  readonly gateway: Pick<GatewayLink, "connectedWorkers">;
  readonly metrics: Metrics;
  readonly passkey: Passkey;
  readonly setup: SetupToken;
  readonly manifests: ManifestReader;
  readonly uploads: FunctionUploads;
  readonly lifecycle: ServiceLifecycle;
  readonly logs: ServiceLogs;
  readonly secrets: SecretAdmin;
  readonly registries: RegistryAdmin;
  /** Functions started outside; undefined: none are adopted. */
  readonly adoption?: AdoptedFunctions | undefined;
  /** The port the gateway really listens on. */
  readonly publicPort: () => number;
  readonly reload: () => void;
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
  return createApp(
    {
      logger,
      version,
      bodyLimitBytes: JSON_LIMIT_BYTES,
      uploadLimitBytes: config.uploadLimitBytes,
      corsOrigin: config.corsOrigin,
      admits: (credential) => passkey.admits(credential),
    },
    (app) => {
      systemRoutes(app, systemOptions(wired));
      lambdaRuntimeRoutes(app, { runtimes, uploadsDir });
      lambdaFunctionRoutes(app, { ...shared, engine: driver, serverId: wired.serverId });
      manifestSchemaRoutes(app, wired.manifests);
      functionRoutes(app, functionOptions);
      deploymentRoutes(app, functionOptions);
      secretRoutes(app, { secrets: wired.secrets, stores: database });
      registryRoutes(app, { registries: wired.registries });
      runtimeRoutes(app, { runtimes, uploadsDir });
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
    metrics: () => metrics.text(),
    reload: async () => wired.reload(),
    setupToken: wired.setup,
    adminToken: () => passkey.read(),
  };
}
