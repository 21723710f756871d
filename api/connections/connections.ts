import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Connection } from './http-connection';

export interface ConnectionLimits {
  /** Concurrent connections. One more replaces an idle connection, or is turned away. */
  connectionsMax: number;
  /** Per client address. Unlimited by default, because a proxy's connections share an address. */
  connectionsPerAddressMax?: number | undefined;
  /** How long a client may take to read what was written before its connection is closed. */
  sendMsMax: number;
}

/** So many connections beyond the limit get an answer. The server closes any more without one. */
const turnedAwayMax = 256;
const checkMs = 500;

/** The connections of a server. */
export interface Connections {
  /** The connection came at the limit; the server refuses its requests. */
  isTurnedAway(connection: Connection): boolean;
  /** The server may close an idle connection to make room. */
  setBusy(connection: Connection, isBusy: boolean): void;
}

/**
 * Puts a `Connection` between a server's sockets and its parser, which accepts any Duplex. This
 * enforces limits that Node lacks: its `maxConnections` closes connections without an answer, and
 * its timeouts cover receiving, or silence in both directions.
 */
export function limitConnections(server: Server, limits: ConnectionLimits): Connections {
  const all = new Set<Connection>();
  /** All except those turned away. */
  const open = new Set<Connection>();
  const idle = new Set<Connection>();
  const turnedAway = new WeakSet<Connection>();
  const ofAddress = new Map<string, number>();

  const hasRoom = (address: string) => {
    const perAddressMax = limits.connectionsPerAddressMax ?? Infinity;
    if ((ofAddress.get(address) ?? 0) >= perAddressMax) return false;
    if (open.size < limits.connectionsMax) return true;
    const [longestIdle] = idle;
    if (!longestIdle) return false;
    forget(longestIdle);
    longestIdle.destroy();
    return true;
  };
  const forget = (connection: Connection) => {
    open.delete(connection);
    idle.delete(connection);
  };

  const [parse] = server.listeners('connection');
  if (!parse) throw new Error('The HTTP server does not parse its connections');
  server.removeAllListeners('connection');
  server.maxConnections = limits.connectionsMax + turnedAwayMax;
  server.on('connection', (socket: Socket) => {
    const connection = new Connection(socket);
    const address = socket.remoteAddress ?? '';
    if (hasRoom(address)) {
      open.add(connection);
      idle.add(connection);
    } else turnedAway.add(connection);
    all.add(connection);
    ofAddress.set(address, (ofAddress.get(address) ?? 0) + 1);
    connection.once('close', () => {
      forget(connection);
      all.delete(connection);
      const left = (ofAddress.get(address) ?? 1) - 1;
      if (left === 0) ofAddress.delete(address);
      else ofAddress.set(address, left);
    });
    parse.call(server, connection);
  });
  closeStuck(server, all, limits.sendMsMax);

  return {
    isTurnedAway: (connection) => turnedAway.has(connection),
    setBusy(connection, isBusy) {
      if (isBusy) idle.delete(connection);
      else if (open.has(connection)) idle.add(connection);
    },
  };
}

function closeStuck(server: Server, connections: ReadonlySet<Connection>, sendMsMax: number): void {
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    const now = performance.now();
    for (const connection of connections) {
      if (connection.stuckMs(now) > sendMsMax) connection.destroy();
    }
  };
  server.once('listening', () => {
    timer = setInterval(look, Math.min(checkMs, sendMsMax));
  });
  server.once('close', () => {
    clearInterval(timer);
  });
}
