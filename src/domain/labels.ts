/** Labels that objects of ours carry on the engine. Identity is by these, never by name (design 9). */
export const LABELS = {
  /** `true` on everything Slipway made. */
  managed: "slipway.managed",
  /** Id of the server it belongs to: a server sees and touches only its own. */
  server: "slipway.server",
  /** Slug of the project. */
  project: "slipway.project",
  /** Id of the service; on instances and images. */
  service: "slipway.service",
  deployment: "slipway.deployment",
  replica: "slipway.replica",
  /** Id of the preset that an image was made for from packages. */
  preset: "slipway.preset",
} as const;
