import { connect, type Socket } from 'node:net';

/** What a hostile client does on each of its connections. */
export interface Attack {
  port: number;
  connections: number;
  /** The bytes that are sent again and again, as fast as they are taken. */
  request: string;
  /** Bytes that are read every tenth of a second; 0 reads nothing at all. */
  readBytes: number;
}

const burstBytes = 60_000;
const reconnectMs = 100;
const readEveryMs = 100;

/** A process of its own, so that its work does not delay who measures; ended by its parent. */
process.on('message', (attack: Attack) => {
  for (let i = 0; i < attack.connections; i++) keepAttacking(attack);
});

function keepAttacking(attack: Attack): void {
  const { port, request, readBytes } = attack;
  const burst = request.repeat(Math.floor(burstBytes / request.length));
  const socket = connect(port, '127.0.0.1');
  const send = () => {
    while (socket.writable && socket.write(burst));
  };
  socket.on('error', () => undefined);
  socket.on('connect', send);
  socket.on('drain', send);
  socket.pause();
  const reading = readBytes > 0 ? readSlowly(socket, readBytes) : undefined;
  socket.on('close', () => {
    clearInterval(reading);
    setTimeout(keepAttacking, reconnectMs, attack);
  });
}

function readSlowly(socket: Socket, bytes: number): NodeJS.Timeout {
  socket.on('readable', () => undefined);
  return setInterval(
    () => socket.read(Math.min(bytes, socket.readableLength)) as unknown,
    readEveryMs,
  );
}
