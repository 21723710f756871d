import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Connection } from './http-connection';
import type { Connections } from './connections';
import { Conversation, type Answer } from './conversation';
import { Problem } from '../http/problems';
import { refuse, unparsable } from './refusals';
import { bodyBytesMax, tooLarge } from '../http/request-body';
import { tooManyConnections } from '../http/unavailability';

/** Always answered: it costs nothing, and a supervisor restarts processes that do not answer it. */
const livePath = '/health/live';

/** Answers a server's requests, those of each connection one after the other. */
export function converse(server: Server, connections: Connections, answer: Answer): void {
  const conversations = new WeakMap<Connection, Conversation>();
  const takeTurn = oneATurn();
  const conversationOn = (socket: Duplex): Conversation => {
    if (!(socket instanceof Connection)) throw new Error('This is not a connection of ours');
    const known = conversations.get(socket);
    if (known) return known;
    const conversation = new Conversation(socket, {
      answer: connections.isTurnedAway(socket) ? turnAway(answer) : answer,
      refuseBody: (_incoming, outgoing) => {
        refuse(outgoing, tooLarge());
      },
      bodyBytesMax,
      takeTurn,
      onBusy: (isBusy) => {
        connections.setBusy(socket, isBusy);
      },
    });
    conversations.set(socket, conversation);
    return conversation;
  };
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    conversationOn(incoming.socket).receive(incoming, outgoing);
  });
  server.on('checkExpectation', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    conversationOn(incoming.socket).refuse(incoming, outgoing, () => {
      refuse(outgoing, new Problem('expectation-failed', 'Only 100-continue can be expected.'));
    });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return;
    // If the connection was held, the timeout is not the client's fault.
    const isOurs = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && isHeld(socket);
    conversationOn(socket).endWith(isOurs ? '' : unparsable(error.code));
  });
}

/** Works through a queue, one item in each turn of the event loop. */
function oneATurn(): (work: () => void) => void {
  const queue: (() => void)[] = [];
  let isScheduled = false;
  const schedule = () => {
    if (isScheduled || queue.length === 0) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      queue.shift()?.();
      schedule();
    });
  };
  return (work) => {
    queue.push(work);
    schedule();
  };
}

function isHeld(socket: Duplex): boolean {
  return socket instanceof Connection && socket.isHeld;
}

function turnAway(answer: Answer): Answer {
  return (incoming, outgoing) => {
    if (incoming.url !== livePath) {
      refuse(outgoing, tooManyConnections());
      return;
    }
    outgoing.setHeader('Connection', 'close');
    answer(incoming, outgoing);
  };
}
