import { randomUUID } from 'node:crypto';
import { createServer as createHttpServer, STATUS_CODES, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import type { Logger } from 'pino';
import type { Api } from './app';
import { Problem, problemBody, problemContentType, problemTypes } from './problems';

export interface ServerOptions {
  /** 0 takes a free one. */
  port: number;
  hostname: string;
  logger: Logger;
  /** Until headers, or a body, must have come; 10 s unless it says otherwise. */
  receiveMsMax?: number;
  /** Until a close ends connections whose requests have not ended. */
  drainMsMax?: number;
}

export interface ApiServer {
  port: number;
  /** Takes no more connections, lets running requests end, then ends what is left. */
  close(): Promise<void>;
}

const headerBytesMax = 16 * 1024;
const defaultReceiveMsMax = 10_000;
/** Above the longest wait of a place call. */
const defaultDrainMsMax = 70_000;
const checkMs = 500;
const keepAliveMs = 30_000;

/**
 * Gives the API a port, and the limits that only a server can keep. Resolves once it listens.
 *
 * @throws Error when the port cannot be had
 */
export async function startServer(api: Api, options: ServerOptions): Promise<ApiServer> {
  const receiveMsMax = options.receiveMsMax ?? defaultReceiveMsMax;
  const answer = getRequestListener(api.fetch, {
    errorHandler: (error) => answerUnroutable(error, options),
  });
  const server = createHttpServer(
    {
      maxHeaderSize: headerBytesMax,
      headersTimeout: receiveMsMax,
      requestTimeout: receiveMsMax,
      connectionsCheckingInterval: Math.min(checkMs, receiveMsMax),
      keepAliveTimeout: keepAliveMs,
      // Ours answers with a problem; Node's own answer has no body.
      requireHostHeader: false,
    },
    (incoming, outgoing) => void answer(incoming, outgoing),
  );
  // Node drops what is beyond its count in silence; the bytes are limited anyway.
  server.maxHeadersCount = 0;
  server.on('clientError', answerUnparsable);
  server.on('checkExpectation', (_request, response) => {
    const { body, status } = occurrence(
      new Problem('expectation-failed', 'Only 100-continue can be expected.'),
    );
    response
      .writeHead(status, {
        'Content-Type': problemContentType,
        'Content-Length': Buffer.byteLength(body),
      })
      .end(body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.hostname, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { port, close: () => drain(server, options.drainMsMax ?? defaultDrainMsMax) };
}

async function drain(server: Server, drainMsMax: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  // Connections that were busy when the close began are kept alive when their request has ended.
  const sweep = setInterval(() => {
    server.closeIdleConnections();
  }, 50);
  const end = setTimeout(() => {
    server.closeAllConnections();
  }, drainMsMax);
  await closed;
  clearInterval(sweep);
  clearTimeout(end);
}

/** A request whose target or Host makes no URL never reaches the app. */
function answerUnroutable(error: unknown, { logger }: ServerOptions): Response {
  const known = error instanceof Error && error.name === 'RequestError';
  if (!known) logger.error({ err: error }, 'a request failed outside the app');
  const { body, status } = occurrence(
    known
      ? new Problem('malformed-request', 'The request target or the Host header is invalid.')
      : new Problem('internal', 'It is logged.'),
  );
  return new Response(body, { status, headers: { 'Content-Type': problemContentType } });
}

/** What the HTTP parser refused: there is no request, so the answer is written by hand. */
function answerUnparsable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return;
  const { body, status } = occurrence(problemOfParser(error.code));
  socket.end(
    `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}\r\n` +
      `Content-Type: ${problemContentType}\r\n` +
      `Content-Length: ${String(Buffer.byteLength(body))}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );
}

function problemOfParser(code: string | undefined): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Problem('headers-too-large', `The limit is ${String(headerBytesMax)} bytes.`);
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new Problem('body-too-large', 'The chunk extensions are too large.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem('request-timeout', 'The request did not come in time.');
    default:
      return new Problem('malformed-request', 'This is not HTTP.');
  }
}

function occurrence(problem: Problem): { body: string; status: number } {
  const { status } = problemTypes[problem.code];
  const requestId = randomUUID();
  return { body: JSON.stringify(problemBody(problem, { instance: '', requestId })), status };
}
