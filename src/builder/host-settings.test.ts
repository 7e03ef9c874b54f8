import assert from "node:assert/strict";
import { test } from "node:test";
import { oneLineSources, parseAptSources } from "./apt-sources.ts";
import { hostSettingsOf } from "./host-settings.ts";
import { aptFacts, npmFacts, pipFacts } from "./registry-facts.ts";

const PLAIN = "FROM x\nRUN npm ci && pip install y\n";
const NOTHING = { certificates: "", npm: {}, pip: {}, apt: {}, aptSources: "" };
const textOf = (secret: Uint8Array | undefined) => Buffer.from(secret ?? []).toString();

test("a host without settings adds nothing to a build", () => {
  assert.deepEqual(hostSettingsOf(NOTHING).forBuild({ dockerfile: PLAIN, usesOwnBase: true }), {
    flags: "",
    secrets: {},
  });
});

test("certificates reach npm, pip and apt as a file that each is told of", () => {
  const { flags, secrets } = hostSettingsOf({ ...NOTHING, certificates: "PEM" }).forBuild({
    dockerfile: PLAIN,
    usesOwnBase: false,
  });
  assert.match(flags, /--mount=type=secret,id=slipway-certificates,target=\/run\/slipway-certificates.pem,mode=0444/);
  for (const id of ["slipway-npmrc", "slipway-pip-conf", "slipway-apt-conf"]) {
    assert.match(textOf(secrets[id]), /\/run\/slipway-certificates\.pem/, id);
    assert.ok(flags.includes(`id=${id},`));
  }
});

test("npm's and pip's caches stay out of layers, unless the Dockerfile says where they are", () => {
  const settings = hostSettingsOf({ ...NOTHING, npm: { registry: "http://r" }, pip: { "index-url": "http://p" } });
  const { flags, secrets } = settings.forBuild({ dockerfile: PLAIN, usesOwnBase: false });
  assert.match(flags, /--mount=type=tmpfs,target=\/dev\/shm\/slipway-npm$/);
  assert.match(textOf(secrets["slipway-npmrc"]), /^cache=\/dev\/shm\/slipway-npm$/m);
  assert.match(textOf(secrets["slipway-pip-conf"]), /^no-cache-dir = true$/m);
  for (const line of ["RUN --mount=type=cache,target=/root/.npm npm ci", "ENV npm_config_cache=/x"]) {
    const own = settings.forBuild({ dockerfile: `${PLAIN}${line}\n`, usesOwnBase: false });
    const all = `${own.flags}${textOf(own.secrets["slipway-npmrc"])}${textOf(own.secrets["slipway-pip-conf"])}`;
    assert.doesNotMatch(all, /cache|tmpfs/);
  }
});

test("a Dockerfile that has a settings file of its own keeps it: ours is not laid over it", () => {
  const settings = hostSettingsOf({ ...NOTHING, certificates: "PEM", npm: { registry: "http://r" } });
  for (const [line, hidden] of [
    ["COPY .npmrc /root/", "/root/.npmrc"],
    ["RUN echo //r/:_authToken=$T > ~/.npmrc && npm ci && rm ~/.npmrc", "/root/.npmrc"],
    ["RUN npm config set registry http://other", "/root/.npmrc"],
    ["COPY pip.conf /etc/pip.conf", "/etc/pip.conf"],
    ["RUN pip config set global.index-url http://other", "/etc/pip.conf"],
    ["COPY curlrc /root/.curlrc", "/root/.curlrc"],
  ] as const) {
    const targets = (dockerfile: string) =>
      [...settings.forBuild({ dockerfile, usesOwnBase: false }).flags.matchAll(/target=([^,\s]+)/g)].map(([, t]) => t);
    const plain = targets(PLAIN);
    assert.ok(plain.includes(hidden));
    assert.deepEqual(
      targets(`${PLAIN}${line}\n`),
      plain.filter((target) => target !== hidden),
      line,
    );
  }
});

test("the host's Debian mirrors are for our own base images only", () => {
  const settings = hostSettingsOf({ ...NOTHING, aptSources: "deb http://mirror/debian a main\n" });
  assert.deepEqual(settings.forBuild({ dockerfile: PLAIN, usesOwnBase: false }).secrets, {});
  assert.match(
    textOf(settings.forBuild({ dockerfile: PLAIN, usesOwnBase: true }).secrets["slipway-apt-sources"]),
    /mirror/,
  );
});

test("a bundle that is too large for a secret is left out rather than failing every build", () => {
  const { secrets } = hostSettingsOf({ ...NOTHING, certificates: "x".repeat(600 * 1024) }).forBuild({
    dockerfile: PLAIN,
    usesOwnBase: false,
  });
  assert.equal(secrets["slipway-certificates"], undefined);
});

test("npm: later files and the environment win; credentials only of the registry itself", () => {
  const files = [
    "registry=https://old.example/\ncafile=/ca.pem\nfund=false\n; comment\n",
    `registry=https://npm.example/path/\n//npm.example/path/:_authToken=${"$"}{TOKEN}\n//other.example/:_authToken=no\n@mine:registry=https://mine.example/\n`,
  ];
  const { settings, cafile } = npmFacts(files, { TOKEN: "t", npm_config_https_proxy: "http://proxy:1" });
  assert.equal(cafile, "/ca.pem");
  assert.deepEqual(settings, {
    registry: "https://npm.example/path/",
    "//npm.example/path/:_authToken": "t",
    "@mine:registry": "https://mine.example/",
    "https-proxy": "http://proxy:1",
  });
});

test("pip: indexes in local folders are left out, lists stay lists", () => {
  const conf =
    "[global]\nfind-links = /wheels\nindex-url = https://pip.example/simple\nextra-index-url = file:///x\n  https://b.example\n";
  assert.deepEqual(pipFacts([conf], { PIP_TRUSTED_HOST: "b.example" }), {
    "index-url": "https://pip.example/simple",
    "extra-index-url": "https://b.example",
    "trusted-host": "b.example",
  });
});

test("apt: only how to reach and trust archives is taken over", () => {
  const dump =
    'Acquire "";\nAcquire::http::Proxy "http://p:1";\nAcquire::Check-Valid-Until "false";\nAPT::Architecture "amd64";\nAcquire::cdrom::mount "/media";\n';
  assert.deepEqual(aptFacts(dump), { "Acquire::http::Proxy": "http://p:1", "Acquire::Check-Valid-Until": "false" });
});

test("apt sources in both forms: the distribution's archives only, and nothing when they are its own hosts", () => {
  const deb822 =
    "Types: deb deb-src\nURIs: http://mirror.example/debian\nSuites: bookworm\n bookworm-updates\nComponents: main\n\nTypes: deb\nURIs: https://vendor.example/apt\nSuites: stable\nComponents: main\n";
  const archives = parseAptSources(deb822, true);
  assert.equal(
    oneLineSources(archives),
    "deb http://mirror.example/debian bookworm main\ndeb http://mirror.example/debian bookworm-updates main\n",
  );
  const oneLine =
    "# x\ndeb [arch=amd64] http://deb.debian.org/debian bookworm main contrib # y\ndeb http://vendor.example/x y z\n";
  assert.deepEqual(parseAptSources(oneLine, false), [
    { uri: "http://deb.debian.org/debian", suites: ["bookworm"], components: ["main", "contrib"] },
  ]);
  assert.equal(oneLineSources(parseAptSources(oneLine, false)), "");
});
