import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Logger } from 'pino';
import type { Api } from './app';
import { limitConnections, type ConnectionLimits } from './connections/connections';
import { converse } from './connections/conversations';
import { Drain } from './connections/graceful-end';
import { answerUnroutable, headerBytesMax, refuse } from './connections/refusals';
import { stopLimits } from './stop-limits';
import { notAnswered } from './http/unavailability';

export interface ServerOptions {
  /** 0 picks a free port. */
  port: number;
  hostname: string;
  logger: Logger;
  /** How long headers or a body may take to arrive; 10 s by default. */
  receiveMsMax?: number;
  /** Overrides the defaults: 4,096 connections, and 10 s for a client to take an answer. */
  connections?: Partial<ConnectionLimits>;
  /** How long a close waits before it answers the running requests and ends all connections. */
  answerMsMax?: number;
}

export interface ApiServer {
  port: number;
  /** From now on each answer closes its connection. New connections are still accepted. */
  end(): void;
  /** Accepts no more connections, lets running requests end, then answers and ends the rest. */
  close(): Promise<void>;
}

const defaultReceiveMsMax = 10_000;
/** A few thousand callers may wait for their orders at once, each on its own connection. */
const defaultConnectionLimits: ConnectionLimits = {
  connectionsMax: 4_096,
  sendMsMax: 10_000,
};
const checkMs = 500;
const keepAliveMs = 30_000;

/**
 * Serves the API on a port, with the limits that only a server can enforce. Resolves once it
 * listens.
 *
 * @throws Error if the port is not available
 */
export async function startServer(api: Api, options: ServerOptions): Promise<ApiServer> {
  const receiveMsMax = options.receiveMsMax ?? defaultReceiveMsMax;
  // A close may have answered a request before the API did; Node sends one answer only.
  const answerOnce = async (request: Request, env: HttpBindings): Promise<Response> => {
    const response = await api.fetch(request, env);
    return env.outgoing.headersSent ? RESPONSE_ALREADY_SENT : response;
  };
  const answer = getRequestListener((request, env) => answerOnce(request, env as HttpBindings), {
    errorHandler: (error) => answerUnroutable(error, options.logger),
  });
  const server = createHttpServer({
    maxHeaderSize: headerBytesMax,
    headersTimeout: receiveMsMax,
    requestTimeout: receiveMsMax,
    connectionsCheckingInterval: Math.min(checkMs, receiveMsMax),
    keepAliveTimeout: keepAliveMs,
    // The API answers with a problem; Node's own answer has no body.
    requireHostHeader: false,
  });
  // Node silently drops headers beyond its count; their bytes are limited anyway.
  server.maxHeadersCount = 0;
  const connections = limitConnections(server, {
    ...defaultConnectionLimits,
    ...options.connections,
  });
  // Before the request's answer begins, because it may be the connection's last.
  const drain = new Drain(server, (outgoing) => {
    refuse(outgoing, notAnswered(outgoing.req));
  });
  server.on('request', (_incoming, outgoing) => {
    drain.follow(outgoing);
  });
  converse(server, connections, (incoming, outgoing) => void answer(incoming, outgoing));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.hostname, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    end: () => {
      drain.begin();
    },
    close: () => drain.end(options.answerMsMax ?? stopLimits.answerMsMax),
  };
}
