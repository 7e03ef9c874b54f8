import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import fc from "fast-check";
import { withParentheses } from "./render-syntax.ts";
import { renderTemplate } from "./render-template.ts";

const CONTEXT = {
  name: "my hello",
  runtime: "express",
  options: { ship_packages: ["curl", "git"], shard_build_options: "--release" },
};

const render = (text: string): Promise<string> => renderTemplate("Dockerfile.j2", text, CONTEXT);

test("the engine is never loaded beside the server", async () => {
  const isLoaded = (): boolean =>
    Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes("/nunjucks/"));
  assert.equal(await render("{{ name }}"), "my hello");
  assert.equal(isLoaded(), false);
});

test("a template that loops or grows without end is refused, holds nobody up, and the next one is rendered", async () => {
  const loops = Array.from({ length: 12 }, (_, i) => `{% for i${i} in a %}`).join("");
  const endless = `{% set a = [1,2,3,4,5,6,7,8,9] %}${loops}${"{% endfor %}".repeat(12)}`;
  const growing = `{% set a = name %}${"{% set a = a ~ a ~ a ~ a ~ [a, a] | join %}".repeat(9)}{{ a | replace("m", a) }}`;
  let turns = 0;
  const turning = setInterval(() => (turns += 1), 20);
  await assert.rejects(render(endless), /Dockerfile\.j2: takes longer than 2 s/);
  clearInterval(turning);
  assert.ok(turns > 20, `the loop turned ${turns} times`);
  await assert.rejects(render(growing), /takes more than 96 MiB|longer than 2 s|more than 4 MiB|Invalid string length/);
  assert.equal(await render("{{ name }}"), "my hello");
});

test("of a value only its own entries can be had", async () => {
  for (const tag of ["''.constructor", "options.__proto__", "name['constr' ~ 'uctor']", "options.toString"])
    assert.equal(await render(`[{{ ${tag} }}]`), "[]", tag);
});

test("text without tags comes through byte for byte", () =>
  fc.assert(
    fc.asyncProperty(
      fc.string({ unit: "binary" }).filter((text) => !/\{[{%#]/.test(text)),
      async (text) => {
        assert.equal(await render(text), text);
        // With a tag in front the engine itself has to keep the rest.
        assert.equal(await render(`{{ name }}|${text}`), `my hello|${text}`);
      },
    ),
  ));

test("any value comes out as it is, nothing is escaped", () =>
  fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary" }), async (value) => {
      const context = { ...CONTEXT, options: { value } };
      assert.equal(await renderTemplate("f.j2", "[{{ options.value }}]", context), `[${value}]`);
    }),
  ));

test("join takes its argument with and without parentheses", async () => {
  for (const tag of ['| join(" ")', '| join " "', "|join ' '", '|  join   " "'])
    assert.equal(await render(`{{ options.ship_packages ${tag} }}`), "curl git", tag);
  assert.equal(await render('{% set p = options.ship_packages | join ", " %}{{ p | title }}'), "Curl, Git");
});

test("only filters in tags get parentheses: text, comments, raw blocks and strings stay", () => {
  for (const text of [
    'RUN cat x | join " "',
    '{# a | join " " #}',
    '{% raw %}{{ a | join " " }}{% endraw %}',
    '{%- verbatim -%}{{ a | join " " }}{%- endverbatim -%}',
    `{{ "| join ' '" }}`,
    '{{ a | join(" ") }}',
    '{{ a | join " "',
  ])
    assert.equal(withParentheses(text), text);
  assert.equal(withParentheses(`{{ "}}" }} {{ a | join "}}" }}`), `{{ "}}" }} {{ a | join("}}") }}`);
});

test("translating is quick however many tags never end", () => {
  const startedAt = performance.now();
  withParentheses("{{".repeat(200_000));
  withParentheses(`{{ a | join ${'"'.repeat(100_001)}`);
  assert.ok(performance.now() - startedAt < 1000);
});

test("an option nobody gave is empty: printed, joined, looped over and asked for", async () => {
  const text = `a{{ options.missing }}{{ options.missing | join " " }}{{ options.missing | join }}{{ options.missing | title }}
{%- for pair in options.copy_from_build %}{{ pair }}{% endfor %}{% if options.missing %}!{% endif %}b`;
  assert.equal(await render(text), "ab");
  assert.equal(await render('{{ options.missing | default "x" }}{{ options.missing or "y" }}'), "xy");
});

test("loops, conditions, title and default do what Crinja's do", async () => {
  const loop =
    "{% for p in options.ship_packages %}{{ loop.index }}{{ p }}{% if not loop.last %},{% endif %}{% endfor %}";
  assert.equal(await render(loop), "1curl,2git");
  assert.equal(await render("{{ name | title }} {{ 'don’t STOP' | title }}"), "My Hello Don’t Stop");
  assert.equal(await render("{{ nothing | default('d') }}{{ nothing is defined }}"), "dfalse");
});

test("an unknown variable is an error that names file, line and the nearest one", async () => {
  await assert.rejects(() => render("FROM a\nRUN {{ optoins.x }}\n"), {
    code: "invalid",
    message: 'Dockerfile.j2, line 2: uses "optoins", which is no variable; did you mean options?',
  });
  await assert.rejects(() => render("{% for a in b %}{{ a }}{% endfor %}"), /"b"/);
  await assert.rejects(() => render("{% for a in options.b %}{{ a }}{% endfor %}{{ a }}"), /"a"/);
});

test("what is no template is an error that names the file", async () => {
  for (const text of ["{{ name", "{% if name %}", "{{ name | nofilter }}", "{% endfor %}", "{{ 1 in options.x }}"])
    await assert.rejects(() => render(text), { code: "invalid", message: /^Dockerfile\.j2(, line \d+)?: ./ }, text);
});

test("a template can call nothing and read no file, so it can't leave the renderer", async () => {
  for (const text of [
    `{{ name.constructor.constructor("return process")() }}`,
    `{% set f = name.constructor %}{{ f("x") }}`,
    `{{ range(1000000000) }}`,
    `{% include "/etc/passwd" %}`,
    `{% extends "/etc/passwd" %}`,
    `{% import "/etc/passwd" as a %}`,
    `{% macro m() %}{% endmacro %}`,
    `{% call m() %}{% endcall %}`,
  ])
    await assert.rejects(() => render(text), { code: "invalid" }, text);
});
