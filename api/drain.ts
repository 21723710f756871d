import type { Server, ServerResponse } from 'node:http';

const sweepMs = 50;

/**
 * How a server's connections end: each after its answer, which says so. Nobody's is reset while it
 * waits for one.
 */
export class Drain {
  private readonly open = new Set<ServerResponse>();
  private ending = false;

  /** @param answerLate gives an answer to a request that has waited for too long */
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

  /** From now on every answer is its connection's last. */
  begin(): void {
    this.ending = true;
    for (const outgoing of this.open) outgoing.shouldKeepAlive = false;
  }

  /** Takes no more connections; resolves when all have ended, after `answerMsMax` at the latest. */
  async end(answerMsMax: number): Promise<void> {
    this.begin();
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => {
        resolve();
      });
    });
    // One that was idle when the close began may have been used once more.
    const sweep = setInterval(() => {
      this.server.closeIdleConnections();
    }, sweepMs);
    const late = setTimeout(() => {
      for (const outgoing of this.open) if (!outgoing.headersSent) this.answerLate(outgoing);
      // Answers leave first; then what is left has sent no whole request, or does not read.
      setTimeout(() => {
        this.server.closeAllConnections();
      }, sweepMs);
    }, answerMsMax);
    await closed;
    clearInterval(sweep);
    clearTimeout(late);
  }
}
