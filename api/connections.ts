import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Connection } from './connection';

export interface ConnectionLimits {
  /** Connections at once; what comes beyond takes the place of an idle one, or is turned away. */
  connectionsMax: number;
  /** Of one address; without it there is no such limit: a proxy's connections share an address. */
  connectionsPerAddressMax?: number | undefined;
  /** Until a client must have taken what was written to it; then its connection is closed. */
  sendMsMax: number;
}

/** So many beyond the limit are told why they are turned away; more are closed without a word. */
const turnedAwayMax = 256;
const checkMs = 500;

/** The connections of a server. */
export interface Connections {
  /** It came when there was no room: its requests are to be refused. */
  isTurnedAway(connection: Connection): boolean;
  /** An idle one can be closed to make room for another. */
  setBusy(connection: Connection, isBusy: boolean): void;
}

/**
 * Puts a `Connection` between a server's sockets and its parser, which takes any Duplex, and keeps
 * the limits that Node has not got: its own `maxConnections` closes connections in silence, and its
 * timeouts are about what is received, or about silence in both directions.
 */
export function limitConnections(server: Server, limits: ConnectionLimits): Connections {
  const all = new Set<Connection>();
  /** All but those that are turned away. */
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
