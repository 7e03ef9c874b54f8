/** Who may ask what. Until there are users there is one credential, the passkey, and it is an admin's. */

import type { FastifyRequest } from "fastify";
import { AppError } from "../domain/errors.ts";

/** `public`: anybody. `admin`: the passkey. `local_or_admin`: also loopback without a forwarding header. */
export type Permission = "public" | "admin" | "local_or_admin";

/** Lets the request pass. A path that is no route's passes too: it gets its 404. @throws AppError `unauthorized` */
export async function authorize(
  request: FastifyRequest,
  admits: (credential: string) => Promise<boolean>,
): Promise<void> {
  const permission = request.routeOptions.config?.permission ?? "admin";
  if (permission === "public" || request.is404) return;
  if (permission === "local_or_admin" && isLocal(request)) return;
  const { authorization } = request.headers;
  if (authorization === undefined || authorization === "") {
    throw new AppError("unauthorized", "Authentication required.", REMEDY);
  }
  const isAdmitted =
    (await admits(authorization)) || (/^Bearer /i.test(authorization) && (await admits(bearerOf(authorization))));
  if (!isAdmitted) throw new AppError("unauthorized", "Invalid or expired token.", REMEDY);
}

const REMEDY = {
  remedy:
    "Send the passkey as `Authorization: <passkey>` or `Authorization: Bearer <passkey>`; it stands in the passfile on the server.",
};

function bearerOf(authorization: string): string {
  return authorization.replace(/^Bearer +/i, "");
}

/** The gateway names the peer; a request without that came over the server's own socket. */
function isLocal(request: FastifyRequest): boolean {
  const { "x-slipway-forwarded": forwarded, "x-slipway-peer": peer } = request.headers;
  if (forwarded !== undefined || Array.isArray(peer)) return false;
  return peer === undefined || peer === "::1" || peer.startsWith("127.") || peer.startsWith("::ffff:127.");
}
