import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Connection } from './connection';

/** Answers a request that has come whole. */
export type Answer = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

export interface ConversationOptions {
  answer: Answer;
  /** Answers a request whose body is larger than `bodyBytesMax`, without its body. */
  refuseBody: Answer;
  bodyBytesMax: number;
  /** Calls it in a turn of the event loop in which no other connection begins what has waited. */
  takeTurn: (next: () => void) => void;
  /** Told whenever a request comes to a connection that had none, and when it has none again. */
  onBusy: (isBusy: boolean) => void;
}

/**
 * The requests of one connection. Each is taken whole before it is begun, and begun once the
 * client has been sent what it asked before: so what a client may cost is bounded, and an error of
 * the parser is never about a request that has been begun. While one waits nothing more is read.
 */
export class Conversation {
  private readonly waiting: (() => void)[] = [];
  private isAnswering = false;
  /** Written once all that was begun is answered; then the connection is closed. */
  private lastWords: string | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly options: ConversationOptions,
  ) {
    connection.once('close', () => {
      this.waiting.length = 0;
    });
  }

  /** Requests that have come whole and are not answered yet. */
  get outstanding(): number {
    return this.waiting.length + (this.isAnswering ? 1 : 0);
  }

  /** Takes a request whose headers have come. */
  receive(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { answer, refuseBody, bodyBytesMax } = this.options;
    const length = Number(incoming.headers['content-length'] ?? 0);
    const isChunked = incoming.headers['transfer-encoding'] !== undefined;
    if (length > bodyBytesMax) this.enqueue(refuseBody, incoming, outgoing);
    else if (length === 0 && !isChunked) this.enqueue(answer, incoming, outgoing);
    else this.receiveBody(incoming, outgoing);
  }

  /** Takes a request that is refused for its headers, so that its body is not waited for. */
  refuse(incoming: IncomingMessage, outgoing: ServerResponse, refusal: Answer): void {
    this.enqueue(refusal, incoming, outgoing);
  }

  /**
   * Ends the conversation for a fault that is no request's: what was begun before is answered, then
   * this is said, and the connection is closed. Empty last words only close it.
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
      // Where the adapter looks for a body that has been read already.
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
        // Others come first: all of this would otherwise be done in one turn of the event loop.
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
    // After an answer that says `Connection: close` nothing is begun.
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
