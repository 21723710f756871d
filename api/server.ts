import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Logger } from 'pino';
import type { Api } from './app';
import { limitConnections, type ConnectionLimits } from './connections';
import { converse } from './conversations';
import { Drain } from './drain';
import { answerUnroutable, headerBytesMax, refuse } from './refusals';
import { stopLimits } from './stop-limits';
import { notAnswered } from './unavailability';

export interface ServerOptions {
  /** 0 takes a free one. */
  port: number;
  hostname: string;
  logger: Logger;
  /** Until headers, or a body, must have come; 10 s unless it says otherwise. */
  receiveMsMax?: number;
  /** Over the defaults: 4,096 connections, and 10 s until an answer must have been taken. */
  connections?: Partial<ConnectionLimits>;
  /** Until a close answers the requests that have not ended, and ends all connections. */
  answerMsMax?: number;
}

export interface ApiServer {
  port: number;
  /** From now on every answer is its connection's last; new ones are still taken. */
  end(): void;
  /** Takes no more connections, lets running requests end, then answers and ends what is left. */
  close(): Promise<void>;
}

const defaultReceiveMsMax = 10_000;
/** A few thousand callers may wait for their orders at once, each on a connection of its own. */
const defaultConnectionLimits: ConnectionLimits = {
  connectionsMax: 4_096,
  sendMsMax: 10_000,
};
const checkMs = 500;
const keepAliveMs = 30_000;

/**
 * Gives the API a port, and the limits that only a server can keep. Resolves once it listens.
 *
 * @throws Error when the port cannot be had
 */
export async function startServer(api: Api, options: ServerOptions): Promise<ApiServer> {
  const receiveMsMax = options.receiveMsMax ?? defaultReceiveMsMax;
  // A close may have answered a request before the API did: Node sends one answer only.
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
    // Ours answers with a problem; Node's own answer has no body.
    requireHostHeader: false,
  });
  // Node drops what is beyond its count in silence; the bytes are limited anyway.
  server.maxHeadersCount = 0;
  const connections = limitConnections(server, {
    ...defaultConnectionLimits,
    ...options.connections,
  });
  // Before its answer is begun: it may be the last of its connection.
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
