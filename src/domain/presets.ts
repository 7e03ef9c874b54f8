/** The presets there are: DeployKit's. Pure data; a new one is added here (docs/guides/presets.md). */

import type { Preset } from "./preset.ts";

/** Sorted by name. */
export const PRESETS: readonly Preset[] = [
  {
    id: "mariadb",
    name: "MariaDB",
    image: "mariadb:11",
    iconUrl: "https://cdn.simpleicons.org/mariadb",
    ports: [{ containerPort: 3306, protocol: "tcp" }],
    envVars: [
      { key: "MARIADB_DATABASE", value: "app" },
      { key: "MARIADB_USER", value: "app" },
      { key: "MARIADB_PASSWORD", generate: "password_24" },
      { key: "MARIADB_ROOT_PASSWORD", generate: "password_24" },
    ],
    command: [],
    volumes: [{ source: "data", target: "/var/lib/mysql", readOnly: false }],
    url: "mysql://{MARIADB_USER}:{MARIADB_PASSWORD}@{HOST}:{PORT}/{MARIADB_DATABASE}",
    hasRecipe: true,
  },
  {
    id: "meilisearch",
    name: "Meilisearch",
    image: "getmeili/meilisearch:v1.11",
    iconUrl: "https://cdn.simpleicons.org/meilisearch",
    ports: [{ containerPort: 7700, protocol: "tcp" }],
    envVars: [
      { key: "MEILI_ENV", value: "production" },
      { key: "MEILI_NO_ANALYTICS", value: "true" },
      { key: "MEILI_MASTER_KEY", generate: "random_base64_24" },
    ],
    command: [],
    volumes: [{ source: "data", target: "/meili_data", readOnly: false }],
    // The key is the URL's password; requests carry it as `Authorization: Bearer <key>`.
    url: "http://:{MEILI_MASTER_KEY}@{HOST}:{PORT}",
    hasRecipe: false,
  },
  {
    id: "mysql",
    name: "MySQL",
    image: "mysql:8",
    iconUrl: "https://cdn.simpleicons.org/mysql",
    ports: [{ containerPort: 3306, protocol: "tcp" }],
    envVars: [
      { key: "MYSQL_DATABASE", value: "app" },
      { key: "MYSQL_USER", value: "app" },
      { key: "MYSQL_PASSWORD", generate: "password_24" },
      { key: "MYSQL_ROOT_PASSWORD", generate: "password_24" },
    ],
    command: [],
    volumes: [{ source: "data", target: "/var/lib/mysql", readOnly: false }],
    url: "mysql://{MYSQL_USER}:{MYSQL_PASSWORD}@{HOST}:{PORT}/{MYSQL_DATABASE}",
    hasRecipe: false,
  },
  {
    id: "postgres",
    name: "PostgreSQL",
    image: "postgres:16",
    iconUrl: "https://cdn.simpleicons.org/postgresql",
    ports: [{ containerPort: 5432, protocol: "tcp" }],
    envVars: [
      { key: "POSTGRES_DB", value: "app" },
      { key: "POSTGRES_USER", value: "postgres" },
      { key: "POSTGRES_PASSWORD", generate: "password_24" },
      // Below the volume, which may hold things of its own such as lost+found.
      { key: "PGDATA", value: "/var/lib/postgresql/data/pgdata" },
    ],
    command: [],
    volumes: [{ source: "data", target: "/var/lib/postgresql/data", readOnly: false }],
    url: "postgresql://{POSTGRES_USER}:{POSTGRES_PASSWORD}@{HOST}:{PORT}/{POSTGRES_DB}",
    hasRecipe: true,
  },
  {
    id: "redis",
    name: "Redis",
    image: "redis:7",
    iconUrl: "https://cdn.simpleicons.org/redis",
    ports: [{ containerPort: 6379, protocol: "tcp" }],
    envVars: [{ key: "REDIS_PASSWORD", generate: "random_hex_32" }],
    // The official image knows no REDIS_PASSWORD. Its entry script is called again so that it changes to Redis's user.
    command: ["sh", "-c", 'exec docker-entrypoint.sh redis-server --appendonly yes --requirepass "$REDIS_PASSWORD"'],
    volumes: [{ source: "data", target: "/data", readOnly: false }],
    // With Redis's own name for its one user: redis-cli takes the empty one for a user of that name.
    url: "redis://default:{REDIS_PASSWORD}@{HOST}:{PORT}",
    hasRecipe: true,
  },
  {
    id: "typesense",
    name: "Typesense",
    image: "typesense/typesense:27.1",
    iconUrl: "https://cdn.simpleicons.org/typesense",
    ports: [{ containerPort: 8108, protocol: "tcp" }],
    envVars: [
      { key: "TYPESENSE_DATA_DIR", value: "/data" },
      { key: "TYPESENSE_API_KEY", generate: "random_hex_32" },
    ],
    command: [],
    volumes: [{ source: "data", target: "/data", readOnly: false }],
    // The key is the URL's password; requests carry it as `X-TYPESENSE-API-KEY`.
    url: "http://:{TYPESENSE_API_KEY}@{HOST}:{PORT}",
    hasRecipe: false,
  },
];
