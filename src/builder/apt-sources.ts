/** apt's list of archives in both its forms, down to the ones that are Debian's or Ubuntu's main archives. Pure. */

export type AptArchive = {
  readonly uri: string;
  readonly suites: readonly string[];
  readonly components: readonly string[];
};

/** Hosts that every image knows by itself. */
const CANONICAL_HOSTS = [
  "deb.debian.org",
  "security.debian.org",
  "archive.ubuntu.com",
  "security.ubuntu.com",
  "ports.ubuntu.com",
];

/** The distribution's own archives in one file; others (a vendor's packages) are left out. */
export function parseAptSources(text: string, isDeb822: boolean): readonly AptArchive[] {
  const archives = isDeb822 ? parseDeb822(text) : parseOneLine(text);
  return archives.filter(
    (a) => /\/(?:debian|debian-security|ubuntu|ubuntu-ports)\/?$/.test(a.uri) && a.components.includes("main"),
  );
}

/** A `sources.list` of the mirrors; empty when all are the distribution's own hosts. */
export function oneLineSources(archives: readonly AptArchive[]): string {
  if (archives.every((archive) => CANONICAL_HOSTS.includes(URL.parse(archive.uri)?.hostname ?? ""))) return "";
  return archives
    .flatMap((archive) =>
      archive.suites.map((suite) => `deb ${archive.uri} ${suite} ${archive.components.join(" ")}\n`),
    )
    .join("");
}

function parseOneLine(text: string): readonly AptArchive[] {
  return text.split("\n").flatMap((line) => {
    const [, uri, suite, components] = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line) ?? [];
    if (uri === undefined || suite === undefined || components === undefined) return [];
    return [{ uri, suites: [suite], components: components.trim().split(/\s+/) }];
  });
}

function parseDeb822(text: string): readonly AptArchive[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const field = (name: string): readonly string[] => {
      const value = new RegExp(`^${name}:[ \\t]*(.*(?:\\n[ \\t]+.*)*)`, "im").exec(stanza)?.[1] ?? "";
      return value.split(/\s+/).filter((word) => word !== "");
    };
    const isOn = field("Types").includes("deb") && field("Enabled")[0] !== "no";
    if (!isOn) return [];
    return field("URIs").map((uri) => ({ uri, suites: field("Suites"), components: field("Components") }));
  });
}
