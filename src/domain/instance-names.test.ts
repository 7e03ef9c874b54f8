import assert from "node:assert/strict";
import { test } from "node:test";
import { deployment, NOW, PlannedWorld, service } from "../../test/reconciler/planned-world.ts";
import { formerNamesAs, lostNames, namesOf } from "./instance-names.ts";

test("after a rename what runs answers to both names, and so does what takes its place, until another service has the old one", () => {
  const world = new PlannedWorld();
  const names = () => world.observed.map((o) => o.names);
  const next = (id: string, n: number): void => {
    world.deployments.push(deployment(id, { createdAt: NOW + n }));
    world.settle();
  };
  next("d1000000", 1);
  world.service = service({ ...world.service, name: "greeter", formerNames: ["hello"] });
  world.settle();
  assert.deepEqual(names(), [["greeter", "hello"]]);
  next("d2000000", 2);
  assert.deepEqual(names(), [["greeter", "hello"]]);
  world.service = service({ ...world.service, formerNames: [] });
  world.settle();
  assert.deepEqual(names(), [["greeter"]]);
});

test("a service answers to the names it had, the newest ones, and to none that another one has", () => {
  let greeter = service({ name: "n0" });
  const rename = (name: string) => (greeter = { ...greeter, name, formerNames: formerNamesAs(name, greeter) });
  for (let n = 1; n <= 10; n += 1) rename(`n${n}`);
  assert.deepEqual(namesOf(greeter), ["n10", "n9", "n8", "n7", "n6", "n5", "n4", "n3", "n2"]);
  assert.deepEqual(rename("n9").formerNames.slice(0, 2), ["n10", "n8"]);
  const other = service({ id: "other", name: "n8" });
  assert.deepEqual(
    lostNames([greeter, other]).map(({ id, formerNames }) => [id, formerNames.slice(0, 2)]),
    [["s", ["n10", "n7"]]],
  );
});
