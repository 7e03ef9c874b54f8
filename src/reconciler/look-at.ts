/** One look at an instance over the network: does a port accept a connection, does its health check answer. */

import { request } from "node:http";
import { connect } from "node:net";
import type { HealthCheck } from "../domain/deployment.ts";
import type { ProbeTarget } from "./prober.ts";

const CONNECT_TIMEOUT_MS = 1_000;

/** The first of its ports that accepts a connection and, with a health check, answers it; undefined when none does. */
export async function lookAt({ address, deployment }: ProbeTarget): Promise<number | undefined> {
  const open = await Promise.all(deployment.listenPorts.map((port) => acceptsConnection(address, port)));
  const port = deployment.listenPorts.find((_, i) => open[i]);
  if (port === undefined || deployment.health === null) return port;
  return (await answersWell(address, port, deployment.health)) ? port : undefined;
}

function acceptsConnection(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_TIMEOUT_MS });
    const end = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}

function answersWell(host: string, port: number, health: HealthCheck): Promise<boolean> {
  const { path, timeoutMs, allowsNotFound } = health;
  return new Promise<boolean>((resolve) => {
    const signal = AbortSignal.timeout(timeoutMs);
    // As it was given where that can be sent, else as a browser would send it.
    const sendable = /^[\x21-\x7e]*$/.test(path) ? path : encodeURI(path);
    const sent = request({ host, port, path: sendable, agent: false, signal }, (response) => {
      const status = response.statusCode ?? 0;
      response.destroy();
      resolve((status >= 200 && status < 400) || (status === 404 && allowsNotFound));
    });
    sent.once("error", () => resolve(false));
    sent.end();
  });
}
