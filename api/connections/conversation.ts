import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Connection } from './http-connection';

/** Answers a request that was received completely. */
export type Answer = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

export interface ConversationOptions {
  answer: Answer;
  /** Answers a request whose body exceeds `bodyBytesMax`, without reading the body. */
  refuseBody: Answer;
  bodyBytesMax: number;
  /**
   * Calls `next` in a turn of the event loop of its own: no other connection begins a waiting
   * request in it.
   */
  takeTurn: (next: () => void) => void;
  /** Called when the connection gets its first outstanding request, and when it has none again. */
  onBusy: (isBusy: boolean) => void;
}

/**
 * The requests of one connection. A request begins only once it was received completely and the
 * previous answer was sent. This bounds what a client may cost, and a parser error never concerns a
 * request that has begun. While a request waits, the connection is not read.
 */
export class Conversation {
  private readonly waiting: (() => void)[] = [];
  private isAnswering = false;
  /** Written once every begun request is answered; then the connection is closed. */
  private lastWords: string | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly options: ConversationOptions,
  ) {
    connection.once('close', () => {
      this.waiting.length = 0;
    });
  }

  /** Requests that were received completely and are not answered yet. */
  get outstanding(): number {
    return this.waiting.length + (this.isAnswering ? 1 : 0);
  }

  /** Takes a request whose headers were received. */
  receive(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { answer, refuseBody, bodyBytesMax } = this.options;
    const length = Number(incoming.headers['content-length'] ?? 0);
    const isChunked = incoming.headers['transfer-encoding'] !== undefined;
    if (length > bodyBytesMax) this.enqueue(refuseBody, incoming, outgoing);
    else if (length === 0 && !isChunked) this.enqueue(answer, incoming, outgoing);
    else this.receiveBody(incoming, outgoing);
  }

  /** Takes a request that is refused for its headers, without waiting for its body. */
  refuse(incoming: IncomingMessage, outgoing: ServerResponse, refusal: Answer): void {
    this.enqueue(refusal, incoming, outgoing);
  }

  /**
   * Ends the conversation after a fault that belongs to no request: answers what has begun, writes
   * the last words, and closes the connection. Empty last words only close it.
   */
  endWith(lastWords: string): void {
    if (this.lastWords !== undefined) return;
    this.lastWords = lastWords;
    this.connection.hold();
    this.goOn();
  }

  private receiveBody(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { answer, refuseBody, bodyBytesMax } = this.options;
    const chunks: Buffer[] = [];
    let size = 0;
    const take = (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= bodyBytesMax) return;
      incoming.off('data', take).off('end', end);
      this.enqueue(refuseBody, incoming, outgoing);
    };
    const end = () => {
      // The adapter looks here for a body that was read already.
      Object.assign(incoming, { rawBody: Buffer.concat(chunks) });
      this.enqueue(answer, incoming, outgoing);
    };
    incoming.on('data', take).on('end', end);
  }

  private enqueue(answer: Answer, incoming: IncomingMessage, outgoing: ServerResponse): void {
    if (this.lastWords !== undefined) return;
    if (this.outstanding === 0) this.options.onBusy(true);
    this.waiting.push(() => {
      outgoing.once('close', () => {
        this.isAnswering = false;
        // Lets other connections go first, instead of doing all of this in one turn of the event
        // loop.
        if (this.connection.isHeld) this.options.takeTurn(() => this.goOn());
        else this.goOn();
      });
      answer(incoming, outgoing);
    });
    if (this.isAnswering) this.connection.hold();
    else this.goOn();
  }

  private goOn(): void {
    if (this.isAnswering || this.connection.destroyed) return;
    // No request begins after an answer with `Connection: close`.
    const next = this.connection.writable ? this.waiting.shift() : undefined;
    if (next) {
      this.isAnswering = true;
      next();
    } else if (this.connection.writable) this.rest();
  }

  private rest(): void {
    if (this.lastWords === undefined) {
      this.options.onBusy(false);
      this.connection.release();
      return;
    }
    if (this.lastWords !== '') this.connection.write(this.lastWords);
    this.connection.destroySoon();
  }
}
