import assert from "node:assert/strict";
import { test } from "node:test";
import { urlsOf } from "./route-urls.ts";

test("hosts and paths are shown as the URLs that lead to them", () => {
  const routes = [
    { kind: "host", value: "shop.test" },
    { kind: "path", value: "/sum" },
  ] as const;
  const bases = { portText: ":8080", pathBase: "http://127.0.0.1:8080" };
  assert.deepEqual(urlsOf(routes, bases), ["http://shop.test:8080/", "http://127.0.0.1:8080/sum"]);
});
