import type { Server, ServerResponse } from 'node:http';

const sweepMs = 50;

/**
 * Ends a server's connections, each after an answer with `Connection: close`. No connection is
 * reset while it waits for an answer.
 */
export class Drain {
  private readonly open = new Set<ServerResponse>();
  private ending = false;

  /** @param answerLate answers a request that has waited too long */
  constructor(
    private readonly server: Server,
    private readonly answerLate: (outgoing: ServerResponse) => void,
  ) {}

  /** Called for every request. */
  follow(outgoing: ServerResponse): void {
    if (this.ending) outgoing.shouldKeepAlive = false;
    this.open.add(outgoing);
    outgoing.once('close', () => this.open.delete(outgoing));
  }

  /** From now on each answer closes its connection. */
  begin(): void {
    this.ending = true;
    for (const outgoing of this.open) outgoing.shouldKeepAlive = false;
  }

  /**
   * Accepts no more connections. Resolves when all have ended, after `answerMsMax` at the latest.
   */
  async end(answerMsMax: number): Promise<void> {
    this.begin();
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => {
        resolve();
      });
    });
    // A connection that was idle when the close began may have been used again.
    const sweep = setInterval(() => {
      this.server.closeIdleConnections();
    }, sweepMs);
    const late = setTimeout(() => {
      for (const outgoing of this.open) if (!outgoing.headersSent) this.answerLate(outgoing);
      // Answers are sent first. The remaining clients have sent no complete request, or do not
      // read.
      setTimeout(() => {
        this.server.closeAllConnections();
      }, sweepMs);
    }, answerMsMax);
    await closed;
    clearInterval(sweep);
    clearTimeout(late);
  }
}
