import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** One answer of a connection that may have several. */
export interface PipelinedAnswer {
  status: number;
  head: string;
  text: string;
}

/** A client that reads on demand. */
export interface RawClient {
  socket: Socket;
  /** The complete answers read so far. */
  readonly found: readonly PipelinedAnswer[];
  /** Resolves once so many answers are complete. */
  received: (count: number) => Promise<PipelinedAnswer[]>;
  /** Resolves with all answers once the server has closed the connection. */
  closed: () => Promise<PipelinedAnswer[]>;
}

/** Connects; reads nothing before a promise is requested. */
export async function rawClient(port: number, localAddress?: string): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1', ...(localAddress && { localAddress }) });
  const found: PipelinedAnswer[] = [];
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = takeAnswers(Buffer.concat([rest, chunk]), found);
  });
  socket.pause();
  // A reset is a normal end: the test checks the answers before it.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return {
    socket,
    found,
    async received(count) {
      socket.resume();
      while (found.length < count) {
        if (socket.closed) throw new Error(`There were only ${String(found.length)} answers`);
        await Promise.race([once(socket, 'data'), once(socket, 'close')]);
      }
      return found;
    },
    async closed() {
      socket.resume();
      if (!socket.closed) await once(socket, 'close');
      return found;
    },
  };
}

/** Takes the complete answers, each with a length, off these bytes, and returns the rest. */
function takeAnswers(bytes: Buffer, found: PipelinedAnswer[]): Buffer {
  let at = 0;
  while (at < bytes.length) {
    const bodyAt = bytes.indexOf('\r\n\r\n', at) + 4;
    if (bodyAt < 4) break;
    const head = bytes.subarray(at, bodyAt).toString();
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
    if (bytes.length < bodyAt + length) break;
    const text = bytes.subarray(bodyAt, bodyAt + length).toString();
    found.push({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]), head, text });
    at = bodyAt + length;
  }
  return bytes.subarray(at);
}
