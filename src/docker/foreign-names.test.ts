import assert from "node:assert/strict";
import { test } from "node:test";
import { LABELS } from "../domain/labels.ts";
import { EngineNames } from "./engine-names.ts";
import { nameConflict } from "./foreign-names.ts";

const names = new EngineNames("slipway", "mine");

function thing(name: string, server: string, project = "default") {
  return { name, labels: { [LABELS.server]: server, [LABELS.project]: project } };
}

test("another server's things under our prefix are told with all three ways out", () => {
  const error = nameConflict(
    names,
    [thing("slipway-default-hello-0-12345678", "theirs")],
    [thing("slipway-default", "theirs")],
  );
  assert.equal(error?.code, "conflict");
  assert.match(error.message, /1 container and 1 network .* prefix slipway, such as slipway-default-hello/);
  assert.match(error.remedy ?? "", /SLIPWAY_PREFIX and SLIPWAY_NETWORK_POOL/);
  assert.match(error.remedy ?? "", /--data-dir/);
  assert.match(error.remedy ?? "", /docker rm -f \$\(docker ps -aq --filter label=slipway\.server=theirs\)/);
  assert.match(
    error.remedy ?? "",
    /docker network rm \$\(docker network ls -q --filter label=slipway\.server=theirs\)/,
  );
});

test("only what is there is to be removed", () => {
  const { message, remedy } = nameConflict(names, [], [thing("slipway-shop", "theirs", "shop")]) ?? {};
  assert.match(message ?? "", /0 containers and 1 network/);
  assert.doesNotMatch(remedy ?? "", /docker rm/);
});

test("other prefixes, also longer ones that begin like ours, are nobody's business", () => {
  const others = [
    thing("slipway-test-default-hello-0-12345678", "theirs"),
    thing("other-default-x-0-1", "theirs"),
    thing("slipway-defaulter", "theirs"),
  ];
  assert.equal(nameConflict(names, others, [thing("slipway-test-default", "theirs")]), undefined);
  assert.equal(nameConflict(names, [], []), undefined);
});

test("a server that has things there itself is not locked out", () => {
  const both = [thing("slipway-default-a-0-1", "theirs"), thing("slipway-default-b-0-1", "mine")];
  assert.equal(nameConflict(names, both, []), undefined);
});
