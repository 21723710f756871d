import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { Problem, problemBody, problemContentType, problemTypes } from '../http/problems';

/** Problems for requests that never reach the app. */

export const headerBytesMax = 16 * 1024;

/** Answers a request whose target or Host header is not a valid URL. */
export function answerUnroutable(error: unknown, logger: Logger): Response {
  const known = error instanceof Error && error.name === 'RequestError';
  if (!known) logger.error({ err: error }, 'request failed outside the app');
  const { body, status } = occurrence(
    known
      ? new Problem('malformed-request', 'The request target or the Host header is invalid.')
      : new Problem('internal', 'The error has been logged.'),
  );
  return new Response(body, { status, headers: { 'Content-Type': problemContentType } });
}

/** Answers a request with a problem, then closes the connection. */
export function refuse(outgoing: ServerResponse, problem: Problem): void {
  const { body, status } = occurrence(problem);
  outgoing
    .writeHead(status, {
      'Content-Type': problemContentType,
      'Content-Length': Buffer.byteLength(body),
      ...problem.options.headers,
      Connection: 'close',
    })
    .end(body);
}

/**
 * The text of an answer to input that the HTTP parser refused. Node has no request and no response
 * object for it.
 */
export function unparsable(code: string | undefined): string {
  const { body, status } = occurrence(problemOfParser(code));
  return (
    `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}\r\n` +
    `Content-Type: ${problemContentType}\r\n` +
    `Content-Length: ${String(Buffer.byteLength(body))}\r\n` +
    `Connection: close\r\n\r\n${body}`
  );
}

function problemOfParser(code: string | undefined): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Problem('headers-too-large', `The limit is ${String(headerBytesMax)} bytes.`);
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new Problem('body-too-large', 'The chunk extensions are too large.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem('request-timeout', 'The request was not received in time.');
    default:
      return new Problem('malformed-request', 'This is not a valid HTTP request.');
  }
}

function occurrence(problem: Problem): { body: string; status: number } {
  const { status } = problemTypes[problem.code];
  const requestId = randomUUID();
  return { body: JSON.stringify(problemBody(problem, { instance: '', requestId })), status };
}
