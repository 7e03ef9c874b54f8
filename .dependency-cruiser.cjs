// The architecture as rules: see docs/adr/0001-folders-are-layers.md. `script/check-architecture` runs them and
// also asserts how many modules were seen, because a cruiser that sees nothing finds nothing wrong.
/** @type {import('dependency-cruiser').IConfiguration} */
const oneDoor = (name, from, to) => ({
  name: `one-door-${name}`,
  severity: "error",
  from: { path: "^src/", pathNot: from },
  to: { path: to },
});

module.exports = {
  forbidden: [
    { name: "domain-is-pure", severity: "error", from: { path: "^src/domain/", pathNot: "\\.test\\.ts$" }, to: { pathNot: "^src/domain/" } },
    { name: "lib-knows-no-domain", severity: "error", from: { path: "^src/lib/" }, to: { path: "^src/", pathNot: "^src/lib/" } },
    {
      name: "implementations-are-strangers",
      severity: "error",
      from: { path: "^src/(?!(?:domain|lib|main)/)([^/]+)/" },
      to: { path: "^src/", pathNot: "^src/(domain|lib|api|$1)/" },
    },
    // The contract of the API (docs/adr/0018-the-contract.md): a server and its clients know it, nobody else.
    { name: "contract-of-server-and-clients", severity: "error", from: { path: "^src/", pathNot: "^src/(api|http|cli)/" }, to: { path: "^src/api/" } },
    { name: "cli-loads-no-schemas", severity: "error", from: { path: "^src/(cli/|api/client\\.ts$)" }, to: { path: "^src/api/", pathNot: "^src/api/client\\.ts$", dependencyTypesNot: ["type-only"] } },
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    { name: "no-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    { name: "no-tests-in-product", severity: "error", from: { path: "^src/", pathNot: "\\.test\\.ts$" }, to: { path: "^(test|bench)/|\\.test\\.ts$" } },
    oneDoor("processes", "^src/lib/run\\.ts$", "^(node:)?child_process$"),
    oneDoor("cluster", "^src/gateway/(holder|sockets)\\.ts$", "^(node:)?cluster$"),
    oneDoor("sqlite", "^src/store/", "^(node:)?sqlite$|node_modules/kysely"),
    oneDoor("docker", "^src/docker/", "node_modules/dockerode"),
    oneDoor("undici", "^src/(gateway|cli|http)/", "node_modules/undici"),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^src/runtimes/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { extensions: [".ts", ".js", ".json"], exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
