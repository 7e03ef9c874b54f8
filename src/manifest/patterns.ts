/** What the texts of a manifest may look like, one pattern each; the words for what does not fit are in schema.ts. */

import { RESERVED_ROUTE_NAMES } from "../domain/names.ts";

/** A DNS label that is neither digits alone nor the platform's own. */
export const SERVICE_NAME = new RegExp(
  `^(?!(?:[0-9]+|${RESERVED_ROUTE_NAMES.join("|")})$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`,
);
/** A name, or a path: it has a slash or begins with a dot. */
export const RUNTIME = /^(?:[A-Za-z0-9][A-Za-z0-9._-]{0,62}|[^\n\0]*\/[^\n\0]*|\.{1,2})$/;
export const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
export const SECRET = /^(?!\.\.|\.$)[A-Za-z0-9._-]{1,253}$/;
export const URL_PATH = /^\/[\x21-\x7e]*$/;
export const HOST =
  /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+\.?$/;
export const ROUTE_PATH = /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~!$&'()*+,;=:@-]+)+\/*$/;
export const NETWORK = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;
export const VOLUME = /^[^:,\n\0]+:\/[^:,\n\0]*(?::(?:ro|rw))?$/;
export const CAPABILITY = /^[A-Za-z]+(?:_[A-Za-z]+)*$/;
/** Five fields, or six with seconds first, or a nickname. */
export const CRON =
  /^(?:@(?:hourly|daily|midnight|weekly|monthly|yearly|annually)|[0-9A-Za-z*,/?#-]+(?: +[0-9A-Za-z*,/?#-]+){4,5})$/;
export const ONE_LINE = /^[^\n\r\0]+$/;
