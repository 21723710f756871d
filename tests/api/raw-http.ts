import { connect } from 'node:net';

/** A raw answer. */
export interface RawAnswer {
  status: number;
  head: string;
  body: Record<string, unknown>;
}

/** Sends raw bytes and reads the answer until the server ends the connection. */
export function sendTo(port: number, ...pieces: (string | Buffer)[]): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => {
      const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n');
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
      try {
        resolve({ status, head, body: JSON.parse(body || '{}') as RawAnswer['body'] });
      } catch {
        reject(new Error(`This is no JSON: ${body}`));
      }
    });
    for (const piece of pieces) socket.write(piece);
  });
}

/** The head of a request, with `Connection: close`. */
export function request(line: string, ...headers: string[]): string {
  const all = [`${line} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers];
  return [...all, '', ''].join('\r\n');
}

export const jsonType = 'Content-Type: application/json';

export function lengthOf(body: string | Buffer): string {
  return `Content-Length: ${String(Buffer.byteLength(body))}`;
}

let keys = 0;

export function freshKey(): string {
  return `Idempotency-Key: wire-${String(++keys)}`;
}
