/** Real clients of the presets, as commands to be run in an instance: they get the URL that `${{ db.URL }}` stands for. */

export type PresetClient = {
  /** Writes a value. */
  write(url: string, value: string): readonly string[];
  /** Prints what was written, as its last line. */
  read(url: string): readonly string[];
  /** What the output of a refused client says. */
  readonly refusal: RegExp;
  /** What the server's process is called. */
  readonly server: RegExp;
};

const sql = (value: string): string =>
  `CREATE TABLE IF NOT EXISTS kept (value text); DELETE FROM kept; INSERT INTO kept VALUES ('${value}')`;

/** Its client takes no URL. */
function mariadb(address: string, statement: string): readonly string[] {
  const { username, password, hostname, port, pathname } = new URL(address);
  const database = decodeURIComponent(pathname.slice(1));
  return [
    ...["mariadb", "--batch", "--skip-column-names", `--host=${hostname}`, `--port=${port}`],
    ...[`--user=${decodeURIComponent(username)}`, `--password=${decodeURIComponent(password)}`],
    ...[`--database=${database}`, `--execute=${statement}`],
  ];
}

const psql = (url: string, statement: string): readonly string[] => [
  ...["psql", "--no-align", "--tuples-only", "--quiet", "--dbname", url, "--command", statement],
];

const redis = (url: string, ...command: readonly string[]): readonly string[] => [
  ...["redis-cli", "--no-auth-warning", "-e", "-u", url, ...command],
];

export const PRESET_CLIENTS: Readonly<Record<string, PresetClient>> = {
  postgres: {
    write: (url, value) => psql(url, sql(value)),
    read: (url) => psql(url, "SELECT value FROM kept"),
    refusal: /password authentication failed/,
    server: /postgres/,
  },
  mariadb: {
    write: (url, value) => mariadb(url, sql(value)),
    read: (url) => mariadb(url, "SELECT value FROM kept"),
    refusal: /Access denied/,
    server: /mariadbd/,
  },
  redis: {
    write: (url, value) => redis(url, "set", "kept", value),
    read: (url) => redis(url, "get", "kept"),
    refusal: /WRONGPASS|NOAUTH/,
    server: /redis-server/,
  },
};

/** The URL with another password. */
export function withPassword(url: string, password: string): string {
  return url.replace(/^(\w+:\/\/[^:@/]*:)[^@/]*@/, `$1${encodeURIComponent(password)}@`);
}
