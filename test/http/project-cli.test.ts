/** The commands about projects, services, variables, domains and staged changes against the real API. */

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Home } from "../../src/cli/testing/run-slipway.ts";
import { openApiBench, type ProjectBench } from "./project-bench.ts";

let bench: ProjectBench;
let url: string;
let token: string;
before(async () => {
  bench = await openApiBench();
  token = await bench.memberToken();
  url = await bench.app.listen({ port: 0, host: "127.0.0.1" });
});
after(() => bench.close());

/** Runs `slipway` as a member; words are split at spaces, `·` stands for one. */
function runner(home: Home, env: Readonly<Record<string, string>> = {}) {
  return async (line: string, stdin = "") => {
    const words = line.split(" ").map((word) => word.replaceAll("·", " "));
    const all = { SLIPWAY_URL: url, SLIPWAY_TOKEN: token, ...env };
    const { status, stdout, stderr } = await home.run(words, { env: all, stdin, deps: { now: Date.now } });
    return { status, stdout, stderr: stderr.replaceAll(/^warning: this is slipway.*\n/gm, "") };
  };
}

async function json(run: ReturnType<typeof runner>, line: string) {
  const { status, stdout, stderr } = await run(`${line} --json`);
  assert.equal(status, 0, stderr || stdout);
  return JSON.parse(stdout);
}

/** In a project of its own, which commands mean. */
async function inProject(slug: string, home: Home) {
  const run = runner(home);
  assert.equal((await run(`project create ${slug} --slug ${slug} --use`)).status, 0);
  return run;
}

test("a project is created, chosen, shown, named by slug, name or id, and deleted", async () => {
  await using home = await Home.open();
  const run = runner(home);
  const made = await json(run, "project create Corner·Shop --slug corner");
  assert.equal(made.slug, "corner");
  for (const word of ["corner", "CORNER", "Corner·Shop", "corner·SHOP", made.id])
    assert.equal((await json(run, `project show ${word}`)).slug, "corner");
  assert.equal((await run("project use corner")).stdout, "Commands mean Corner Shop (corner) from now on.\n");
  assert.match((await run("project list")).stdout, /^\* {2}corner +Corner Shop/m);
  assert.match((await run("service list")).stdout, /No services yet/);
  assert.equal((await json(runner(home, { SLIPWAY_PROJECT: "default" }), "project show")).slug, "default");
  await json(run, "project create Corner·Shop --slug corner-two");
  const ambiguous = await run("project show Corner·Shop");
  assert.deepEqual([ambiguous.status, /corner, corner-two/.test(ambiguous.stderr)], [1, true]);
  assert.match((await run("project show cornr")).stderr, /Did you mean corner\?/);
  const unconfirmed = await run("project delete corner");
  assert.equal(unconfirmed.status, 2);
  assert.match(
    unconfirmed.stderr,
    /This would delete Corner Shop \(corner\) with no services\.\n {2}Say that you mean it: add --yes/,
  );
  assert.equal((await run("project delete corner --yes")).status, 0);
  assert.equal((await json(run, "project show")).slug, "default", "the deleted one is meant no more");
});

test("a service is created at once or staged, changed, and shown with its flags", async () => {
  await using home = await Home.open();
  const run = await inProject("services", home);
  const line =
    "service create web --image nginx:1 --port 80 --port 8081:81/udp --env A=1 --replicas 1 --memory 64 --cpu 0.5 " +
    "--volume ./data:/data --command nginx·-g·'daemon·off;' --health /up --restart on-failure --public --no-wait";
  const made = await json(run, line);
  assert.deepEqual([made.name, made.private, made.kind], ["web", false, "image"]);
  const { deployment } = await json(run, "service show web");
  assert.deepEqual(deployment.command, ["nginx", "-g", "daemon off;"]);
  assert.deepEqual(deployment.ports, [
    { container_port: 80, protocol: "tcp" },
    { container_port: 81, host_port: 8081, protocol: "udp" },
  ]);
  assert.deepEqual([deployment.resources, deployment.restart], [{ cpu_shares: 512, memory_mb: 64 }, "on-failure"]);
  assert.deepEqual(deployment.volumes, [{ source: "data", target: "/data", read_only: false }]);
  assert.equal(deployment.health.path, "/up");
  assert.equal((await run("service create web --image nginx:1 --no-wait")).status, 1);
  assert.equal((await run("service create other")).status, 2);
  assert.match((await run("service show wbe")).stderr, /Did you mean web\?/);
  assert.match((await run("service create later --image nginx:2 --stage")).stdout, /^later: staged/);
  assert.match((await run("service update web --name shop --replicas 1")).stdout, /^web: staged/);
  assert.equal((await run("service update web")).status, 2);
  const { stdout } = await run("changes list");
  assert.match(
    stdout,
    /^\+ \w{8} {2}service later {2}nginx:2\n~ \w{8} {2}service web {2}is called shop, 1 replica\n\nWill be deployed: later, shop\n$/,
  );
  assert.equal((await run("changes apply --no-wait")).stdout, "Applied 2 changes; deployed: later, shop.\n");
  assert.deepEqual(
    (await json(run, "service list")).map((s: { name: string }) => s.name),
    ["later", "shop"],
  );
  assert.equal((await run("status later")).status, 0, "an image service, by the functions' command");
  assert.match((await run("service delete later")).stdout, /its deletion is staged/);
  assert.equal((await run("service delete later --apply")).status, 2);
});

test("list shows functions and image services, each with its kind; with --json functions as ever", async () => {
  await using home = await Home.open();
  const run = await inProject("listed", home);
  await run("service create cache --image redis:7 --no-wait");
  await json(run, "project create Other --slug listed-other");
  await run("service create web --image nginx:1 -p listed-other --no-wait");
  assert.match((await run("list")).stdout, /^NAME +PROJECT +KIND .*\ncache +listed +image .* private\n$/);
  assert.match((await run("list -A")).stdout, /^web +listed-other +image [\s\S]*^cache +listed +image /m);
  assert.match((await run("list -p LISTED-OTHER web")).stdout, /^NAME.*\nweb +listed-other .*\n$/);
  assert.match((await run("list cahce")).stderr, /Did you mean cache\?/);
  assert.deepEqual(await json(run, "list"), []);
});

test("changes list names exactly what a variable of the project concerns", async () => {
  await using home = await Home.open();
  const run = await inProject("concern", home);
  await run("env set LEVEL=info --apply");
  await run("service create own --image nginx:1 --env LEVEL=mine --no-wait");
  await run("service create web --image nginx:1 --no-wait");
  await run("env set LEVEL=debug");
  assert.match((await run("changes list")).stdout, /\nWill be deployed: web\n$/, "own has a value of its own");
  await run("env set --service web LEVEL=info");
  const { deploys, problem } = await json(run, "changes list");
  assert.deepEqual([deploys, problem], [[], null], "what it runs with stays as it is");
  assert.match((await run("changes list")).stdout, /\nWill be deployed: nothing\n$/);
});

test("a preset says how its connection URL gets into others, on standard error", async () => {
  await using home = await Home.open();
  const run = await inProject("presets", home);
  const made = await run("service create db --preset postgres --no-wait");
  assert.match(made.stderr, /slipway env set -p presets --service NAME 'DATABASE_URL=\$\{\{ db\.URL \}\}' --apply\n$/);
  assert.match(made.stdout, /^db: \w+\n$/);
});

test("variables are set, listed masked, taken back and removed as one would expect of all that is staged", async () => {
  await using home = await Home.open();
  const run = await inProject("vars", home);
  const set = await run("env set LEVEL=info TOKEN=hunter2");
  assert.match(set.stderr, /^LEVEL: is added to project vars\nTOKEN: is added to project vars\n$/);
  assert.match((await run("env set LEVEL=debug")).stderr, /^LEVEL: is added/, "what was only staged is staged anew");
  assert.match((await run("env set LEVEL=debug")).stderr, /^LEVEL: is so already/);
  const list = await run("changes list");
  assert.match(list.stdout, /\+ \w{8} {2}variable TOKEN of the project = \*{8}\n/);
  assert.doesNotMatch(`${list.stdout}${(await run("changes list --json")).stdout}`, /hunter2|debug/);
  assert.equal((await run("changes apply")).stdout, "Applied 2 changes; nothing had to be deployed.\n");
  assert.match((await run("env list")).stdout, /^KEY +VALUE\nLEVEL +\*{8}\nTOKEN +\*{8}\n$/);
  assert.match((await run("env list --show")).stdout, /LEVEL +debug\n/);
  assert.match(
    (await run("env unset LEVEL NONE")).stderr,
    /^LEVEL: goes from project vars\nNONE: project vars has none\n/,
  );
  assert.match((await run("env set LEVEL=debug")).stderr, /^LEVEL: changes in/);
  assert.deepEqual((await json(run, "changes list")).changes, [], "a removal that is taken back leaves nothing staged");
  await run("env set TOKEN=other");
  const [{ id }] = (await json(run, "changes list")).changes;
  assert.match((await run(`changes remove ${id.slice(0, 8)}`)).stdout, /is staged no more/);
  await run("env set TOKEN=other");
  assert.equal((await run("changes discard")).status, 2);
  assert.equal((await run("changes discard --yes")).stdout, "Discarded 1 change.\n");
  assert.equal((await run("changes discard --yes")).stdout, "Nothing was staged.\n");
});

test("a .env file is imported for a staged service, or refused with each line", async () => {
  await using home = await Home.open();
  const run = await inProject("imports", home);
  await writeFile(join(home.path, "good.env"), "export A='x y'\nB=\"1\n2\" # both\n");
  await writeFile(join(home.path, "bad.env"), "A=1\nwrong\n");
  const piped = await run("env import -", "\n\nwrong\n");
  assert.match(piped.stderr, /^error: stdin:3: is no KEY=value\n/);
  assert.match((await run("env import - --json", "P='piped '\n")).stdout, /"P"/);
  assert.equal((await run("changes discard --yes")).status, 0);
  assert.match((await run("env import none.env")).stderr, /none\.env can't be read: there is no such file\./);
  await run("service create web --image nginx:1 --stage");
  const imported = await run("env import good.env --service web --apply --no-wait");
  assert.equal(imported.status, 0, imported.stderr);
  const { data } = JSON.parse(
    (await bench.send({ method: "GET", url: "/api/projects/imports/services/web/env-vars" })).body,
  );
  assert.deepEqual(
    data.map((v: { key: string; value: string }) => [v.key, v.value]),
    [
      ["A", "x y"],
      ["B", "1\n2"],
    ],
  );
  const bad = await run("env import bad.env");
  assert.deepEqual([bad.status, /bad\.env:2: is no KEY=value/.test(bad.stderr)], [1, true]);
  assert.equal((await run("env import none.env")).status, 2);
  assert.equal((await run("env list --group nowhere")).status, 1);
});

test("domains are added, listed and removed", async () => {
  await using home = await Home.open();
  const run = await inProject("domains", home);
  await run("service create web --image nginx:1 --public --no-wait");
  assert.equal((await run("domain add web shop.example.org")).stdout, "web: shop.example.org\n");
  assert.equal((await run("domain add web /shop")).status, 0);
  assert.match((await run("domain list")).stdout, /^DOMAIN +SERVICE +FROM\n(.*\n)*\/shop +web +by hand\n/m);
  assert.match((await run("domain remove web shop.example.or")).stderr, /Did you mean shop\.example\.org\?/);
  assert.match((await run("domain remove web /shop")).stderr, /taken away/);
  assert.deepEqual(
    (await json(run, "domain list web")).map((r: { host: string }) => r.host),
    ["shop.example.org"],
  );
  assert.equal((await run("domain add web api")).status, 1);
});

test("names of projects and services are completed", async () => {
  await using home = await Home.open();
  const run = await inProject("completed", home);
  await run("service create webshop --image nginx:1 --no-wait");
  assert.equal((await run("__complete -- service show web")).stdout, "webshop\n");
  assert.match((await run("__complete -- project use compl")).stdout, /^completed\n$/);
  assert.match((await run("__complete -- env list --service w")).stdout, /^webshop\n$/);
  assert.equal((await run("__complete -- service show -p default web")).stdout, "", "of the project that is named");
  assert.match((await run("__complete -- service show -p completed web")).stdout, /^webshop\n$/);
  assert.equal((await run("__complete -- service create db --preset post")).stdout, "postgres\n");
  assert.equal((await run("__complete -- user update a --role m")).stdout, "member\n");
  assert.match((await run("__complete -- changes ")).stdout, /apply\ndiscard\nlist\nremove\n/);
});
