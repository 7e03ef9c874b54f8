/**
 * The architecture rules of .dependency-cruiser.cjs. A cruiser that sees no modules finds nothing wrong, so how many it
 * saw is compared with how many there are.
 */

import { glob } from "node:fs/promises";
import { cruise } from "dependency-cruiser";
import extractConfig from "dependency-cruiser/config-utl/extract-depcruise-config";
import extractTsConfig from "dependency-cruiser/config-utl/extract-ts-config";

const configuration = await extractConfig("./.dependency-cruiser.cjs");
const { output } = await cruise(
  ["src"],
  { ...configuration.options, ruleSet: configuration, validate: true },
  undefined,
  {
    tsConfig: extractTsConfig("tsconfig.json"),
  },
);
if (typeof output === "string") throw new Error("dependency-cruiser answered in a form this script does not know");

const own = output.modules.filter((module) => module.source.startsWith("src/") && module.source.endsWith(".ts"));
const files = (await Array.fromAsync(glob("src/**/*.ts"))).filter((file) => !file.startsWith("src/runtimes/"));
for (const { rule, from, to } of output.summary.violations) console.error(`${rule.name}: ${from} → ${to}`);
if (own.length !== files.length)
  console.error(`saw ${own.length} of ${files.length} modules: the rules were not really checked`);
console.log(
  `${own.length} modules, ${output.summary.totalDependenciesCruised} dependencies, ${output.summary.violations.length} violations`,
);
process.exitCode = output.summary.violations.length > 0 || own.length !== files.length ? 1 : 0;
