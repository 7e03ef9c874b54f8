/** A strict reader of Prometheus' text form: throws at any line it does not know, so that a test fails on nonsense. */

export type Sample = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};
export type Family = { readonly type: string; readonly help: string; readonly samples: Sample[] };

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|\+Inf|[Nn]a[Nn])$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)/y;

/** Families by name. @throws Error for a line that is none, a sample of no family, one sample twice */
export function parseMetrics(text: string): { readonly families: ReadonlyMap<string, Family> } {
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  const families = new Map<string, Family>();
  const helps = new Map<string, string>();
  const seen = new Set<string>();
  for (const line of text.slice(0, -1).split("\n")) {
    if (line === "") continue;
    const [, kind, subject = "", words = ""] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === "HELP") helps.set(subject, words);
    else if (kind === "TYPE") families.set(subject, { type: words, help: helps.get(subject) ?? "", samples: [] });
    else {
      const sample = parseSample(line);
      const key = `${sample.name}${JSON.stringify(sample.labels)}`;
      if (seen.has(key)) throw new Error(`twice: ${line}`);
      seen.add(key);
      familyOf(families, sample.name).samples.push(sample);
    }
  }
  return { families };
}

function familyOf(families: ReadonlyMap<string, Family>, name: string): Family {
  const base = name.replace(/_(?:bucket|sum|count)$/, "");
  const family = families.get(name) ?? families.get(base);
  if (family === undefined) throw new Error(`${name} is of no family`);
  const isPart = family === families.get(base) && base !== name;
  if (isPart && !["histogram", "summary"].includes(family.type))
    throw new Error(`${name} is no part of a ${family.type}`);
  return family;
}

function parseSample(line: string): Sample {
  const [, name, labelText = "", value] = SAMPLE.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`no sample: ${line}`);
  const labels: Record<string, string> = {};
  for (LABEL.lastIndex = 0; LABEL.lastIndex < labelText.length; ) {
    const [, label, raw] = LABEL.exec(labelText) ?? [];
    if (label === undefined || raw === undefined) throw new Error(`no labels: ${line}`);
    labels[label] = raw.replace(/\\(.)/g, (_, c: string) => (c === "n" ? "\n" : c));
  }
  return { name, labels, value: Number(value.replace("Inf", "Infinity").replace("Nan", "NaN")) };
}
