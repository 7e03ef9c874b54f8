import assert from "node:assert/strict";
import { test } from "node:test";
import { normalizeRegistryHost, registryHostOf } from "./registry.ts";

test("a registry's host is told from what people type", () => {
  const typed = {
    "ghcr.io": "ghcr.io",
    "https://Registry.Example.com:5000/": "registry.example.com:5000",
    "https://index.docker.io/v1/": "docker.io",
    "registry-1.docker.io": "docker.io",
    localhost: "localhost",
    "127.0.0.1:5000": "127.0.0.1:5000",
  };
  for (const [text, host] of Object.entries(typed)) assert.equal(normalizeRegistryHost(text), host);
});

for (const text of ["", "a b", "ghcr.io/team", "-x", "http://", "user@host", "x".repeat(300)]) {
  test(`${JSON.stringify(text.slice(0, 20))} is no host`, () =>
    assert.throws(() => normalizeRegistryHost(text), { code: "invalid" }));
}

test("the registry of an image is what its name starts with, else Docker Hub", () => {
  const images = {
    "node:24": "docker.io",
    "team/app": "docker.io",
    "docker.io/library/node": "docker.io",
    "index.docker.io/library/node": "docker.io",
    "ghcr.io/team/app:1": "ghcr.io",
    "localhost/app": "localhost",
    "reg:5000/app@sha256:00": "reg:5000",
  };
  for (const [image, host] of Object.entries(images)) assert.equal(registryHostOf(image), host);
});
