import { systemClock } from "../../src/lib/system-clock.ts";
import { MemoryDriver } from "../../src/memory/memory-driver.ts";
import { registryDriverContract } from "./registry-driver.contract.ts";

registryDriverContract("memory", async () => {
  const driver = new MemoryDriver({ clock: systemClock });
  const login = { host: "registry.example.com", username: "ann", password: "right-password" };
  driver.registries.passwords.set(login.host, login.password);
  driver.registries.away.add("gone.example.com");
  driver.addImage("app:1", { labels: { a: "b" } });
  return {
    driver,
    login,
    awayHost: "gone.example.com",
    image: "app:1",
    label: ["a", "b"] as const,
    close: async () => undefined,
  };
});
