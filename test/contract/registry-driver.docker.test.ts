import { openBuildBench } from "../builder/build-bench.ts";
import { REGISTRY_USER, startRegistry } from "../support/test-registry.ts";
import { registryDriverContract } from "./registry-driver.contract.ts";

registryDriverContract("docker", async () => {
  const [bench, registry] = await Promise.all([openBuildBench(), startRegistry()]);
  const { image } = await bench.build({ Dockerfile: "FROM scratch\nCOPY a /a\n", a: "a" });
  return {
    driver: bench.driver,
    login: { host: registry.host, ...REGISTRY_USER },
    awayHost: "127.0.0.1:1",
    image,
    label: ["slipway.server", bench.serverId],
    async close() {
      await bench.close();
      await registry.close();
    },
  };
});
