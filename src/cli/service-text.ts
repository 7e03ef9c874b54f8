/** Services and their deployments as text for people. */

import type { ContainerView, DeploymentView, RouteView, ServiceView } from "../api/views.ts";
import { paintStatus, type Style } from "./style.ts";
import { renderTable } from "./table.ts";
import { formatAge, shortId } from "./text-format.ts";

/** `db: running  http://…` */
export function serviceLine({ name, status, url }: ServiceView, style: Style): string {
  const address = status === "stopped" || url === null ? "" : `  ${url}`;
  return `${style.bold(name)}: ${paintStatus(style, status)}${address}`;
}

/** One row each, or how to get the first one. */
export function serviceTable(services: readonly ServiceView[], style: Style, now: number): string {
  if (services.length === 0) return "No services yet. Create one: slipway service create db --preset postgres\n";
  const rows = services.map((s) => [
    style.bold(s.name),
    s.kind,
    paintStatus(style, s.status),
    String(s.replicas),
    s.active_deployment?.image ?? "-",
    formatAge(s.updated_at, now),
    s.url ?? "private",
  ]);
  return renderTable(["NAME", "KIND", "STATUS", "REPLICAS", "IMAGE", "CHANGED", "URL"], rows);
}

export function deploymentTable(deployments: readonly DeploymentView[], style: Style, now: number): string {
  const rows = deployments.map((d) => [
    shortId(d.id),
    d.active ? style.bold("serves") : "",
    paintStatus(style, d.status),
    formatAge(d.created_at, now),
    d.image ?? "-",
    d.failure_reason ?? "",
  ]);
  return renderTable(["DEPLOYMENT", "", "STATUS", "AGE", "IMAGE", "REASON"], rows);
}

export type ServiceFacts = {
  readonly service: ServiceView;
  readonly deployment: DeploymentView | null;
  readonly containers: readonly ContainerView[];
  readonly routes: readonly RouteView[];
};

/** Everything about one, a line each; of variables only the names. */
export function serviceDetails(
  { service, deployment, containers, routes }: ServiceFacts,
  style: Style,
  now: number,
): string {
  const facts: (readonly [string, string])[] = [
    ["status", paintStatus(style, service.status)],
    ["kind", service.preset === null ? service.kind : `${service.kind}, made from preset ${service.preset}`],
    ["url", service.private ? "private: reachable in its project only" : (service.url ?? "-")],
    ["replicas", `${containers.filter((c) => c.status === "running").length} of ${service.replicas} running`],
  ];
  for (const route of routes) facts.push(["route", `${routeText(route)} (${route.origin})`]);
  if (deployment !== null) facts.push(...deploymentFacts(deployment, style, now));
  for (const c of containers)
    facts.push(["container", `${(c.docker_container_id ?? c.id).slice(0, 12)}  ${paintStatus(style, c.status)}`]);
  return `${style.bold(service.name)}\n${facts.map(([key, value]) => `  ${key.padEnd(10)}  ${value}\n`).join("")}`;
}

export function routeText({ host, path }: RouteView): string {
  return host ?? path ?? "";
}

function deploymentFacts(d: DeploymentView, style: Style, now: number): readonly (readonly [string, string])[] {
  const facts: (readonly [string, string])[] = [
    ["deployment", `${shortId(d.id)}  ${paintStatus(style, d.status)}  ${formatAge(d.created_at, now)}`],
    ["image", d.image ?? "-"],
    ["ports", d.ports.map(portText).join(", ") || "none known"],
    ["variables", Object.keys(d.env_vars).sort().join(", ") || "none"],
  ];
  if (d.command.length > 0) facts.push(["command", d.command.join(" ")]);
  for (const v of d.volumes) facts.push(["volume", `${v.source}:${v.target}${v.read_only ? ":ro" : ""}`]);
  if (d.failure_reason !== null) facts.push(["error", style.red(d.failure_reason)]);
  return facts;
}

function portText({ container_port, host_port, protocol }: DeploymentView["ports"][number]): string {
  return `${host_port === undefined ? "" : `${host_port}:`}${container_port}${protocol === "udp" ? "/udp" : ""}`;
}
