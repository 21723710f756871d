import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/**
 * Node's parser turns every request in a chunk into objects before anything can stop it. A chunk of
 * 64 KiB holds 3,640 of the shortest requests. A piece of this size holds 57 at most.
 */
const pieceBytesMax = 1_024;

/**
 * How long the API still reads from a connection that it closes. Closing with unread bytes resets
 * the connection, and the client could lose an answer that it has not read (RFC 9112, 9.6).
 */
const lingerMsMax = 1_000;

type Done = (error?: Error | null) => void;

/**
 * A client's connection as Node's HTTP parser sees it: the same bytes in small pieces, and none
 * while it is held. It measures how long the client has not taken what was written.
 */
export class Connection extends Duplex {
  /** Received and not parsed yet. The socket is not read until this is parsed. */
  private rest: Buffer | undefined;
  private held = false;
  private isLeaving = false;
  private writingSince: number | undefined;

  constructor(private readonly socket: Socket) {
    super({
      decodeStrings: false,
      readableHighWaterMark: pieceBytesMax,
      writableHighWaterMark: socket.writableHighWaterMark,
    });
    socket.on('data', (chunk: Buffer) => {
      this.receive(chunk);
    });
    socket.on('end', () => {
      if (this.isLeaving) this.destroyOnceSent();
      else this.push(null);
    });
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
    socket.on('timeout', () => this.emit('timeout'));
  }

  get remoteAddress(): string | undefined {
    return this.socket.remoteAddress;
  }

  get isHeld(): boolean {
    return this.held;
  }

  /** Stops parsing, and then reading, until it is released. */
  hold(): void {
    this.held = true;
    this.pause();
  }

  release(): void {
    if (!this.held) return;
    this.held = false;
    this.resume();
  }

  /** Node resumes the stream when it wants a body and when it has sent an answer. */
  override resume(): this {
    return this.held ? this : super.resume();
  }

  /** How long the client has not taken the answer that is being written. */
  stuckMs(now: number): number {
    return this.writingSince === undefined ? 0 : now - this.writingSince;
  }

  /** Node's parser sets how long the connection may stay idle. */
  setTimeout(ms: number): this {
    this.socket.setTimeout(ms);
    return this;
  }

  /**
   * Closes the connection once everything written is sent. Node's parser calls it after the last
   * answer.
   */
  destroySoon(): void {
    if (this.isLeaving) return;
    this.isLeaving = true;
    this.rest = undefined;
    this.end(() => {
      if (this.socket.readableEnded) this.destroy();
      else setTimeout(() => this.destroy(), lingerMsMax).unref();
    });
    this.socket.resume();
  }

  override _read(): void {
    const { rest } = this;
    if (rest === undefined) {
      this.socket.resume();
      return;
    }
    this.rest = rest.length > pieceBytesMax ? rest.subarray(pieceBytesMax) : undefined;
    this.push(rest.subarray(0, pieceBytesMax));
  }

  override _write(chunk: Buffer | string, encoding: BufferEncoding, done: Done): void {
    this.socket.write(chunk, encoding, this.writing(done));
  }

  override _writev(
    chunks: { chunk: Buffer | string; encoding: BufferEncoding }[],
    done: Done,
  ): void {
    const written = this.writing(done);
    this.socket.cork();
    chunks.forEach(({ chunk, encoding }, index) => {
      const isLast = index === chunks.length - 1;
      this.socket.write(chunk, encoding, isLast ? written : undefined);
    });
    this.socket.uncork();
  }

  override _final(done: Done): void {
    this.socket.end(done);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.socket.destroy();
    done(error);
  }

  private receive(chunk: Buffer): void {
    if (this.isLeaving) return;
    if (chunk.length <= pieceBytesMax) {
      if (!this.push(chunk)) this.socket.pause();
      return;
    }
    this.rest = chunk.subarray(pieceBytesMax);
    this.socket.pause();
    this.push(chunk.subarray(0, pieceBytesMax));
  }

  private writing(done: Done): Done {
    this.writingSince = performance.now();
    return (error) => {
      this.writingSince = undefined;
      done(error);
    };
  }

  private destroyOnceSent(): void {
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }
}
