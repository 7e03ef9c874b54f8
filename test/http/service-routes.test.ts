import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { openApiBench, type ProjectBench } from "./project-bench.ts";

let bench: ProjectBench;
let p: string;
let base: string;
before(async () => {
  bench = await openApiBench();
});
beforeEach(async () => {
  p = (await bench.ask("POST /api/projects", { body: { name: "Routed" } })).id;
  base = `/api/projects/${p}/services`;
});
after(() => bench.close());

const IMAGE = { name: "web", image: "nginx:1.27" };

test("are given by host or path, listed, and taken away", async () => {
  const params = { p, s: "web" };
  const web = await bench.ask("POST /api/projects/:p/services", {
    params: { p },
    body: { ...IMAGE, private: false },
  });
  const call = "POST /api/projects/:p/services/:s/routes";
  const host = await bench.ask(call, { params, body: { host: "Shop.Example.com" } });
  const path = await bench.ask(call, { params, body: { path: "/sum" } });
  assert.deepEqual(
    [host.host, host.path, host.origin, host.service_id],
    ["shop.example.com", undefined, "owner", web.id],
  );
  assert.deepEqual([path.host, path.path], [undefined, "/sum"]);
  const { data } = await bench.ask("GET /api/projects/:p/services/:s/routes", { params });
  assert.deepEqual(data, [host, path]);
  const { urls } = await bench.ask("GET /api/projects/:p/services/:s", { params });
  assert.ok(
    urls.some((url) => url.includes("shop.example.com")) && urls.some((url) => url.endsWith("/sum")),
    `${urls}`,
  );
  await bench.ask("DELETE /api/projects/:p/services/:s/routes/:id", { params: { ...params, id: host.id } });
  await bench.fails("DELETE", `${base}/web/routes/${host.id}`, undefined, 404, "not_found");
  assert.equal((await bench.ask("GET /api/projects/:p/services/:s/routes", { params })).data.length, 1);
});

test("what can't be one is refused, and what is another's is 409", async () => {
  for (const name of ["web", "two"])
    await bench.ask("POST /api/projects/:p/services", { params: { p }, body: { name } });
  const url = `${base}/web/routes`;
  for (const body of [
    {},
    { host: "a.example.com", path: "/a" },
    { host: "no host" },
    { path: "no-path" },
    { url: "x" },
  ])
    await bench.fails("POST", url, body, 422, "invalid");
  await bench.fails("POST", url, { path: "/api" }, 409, "conflict");
  const theirs = await bench.ask("POST /api/projects/:p/services/:s/routes", {
    params: { p, s: "two" },
    body: { host: "two.example.com" },
  });
  await bench.fails("POST", url, { host: "two.example.com" }, 409, "conflict");
  await bench.fails("DELETE", `${url}/${theirs.id}`, undefined, 404, "not_found");
});
