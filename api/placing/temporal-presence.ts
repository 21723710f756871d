import type { Logger } from 'pino';
import { unavailable } from '../http/unavailability';

/** Temporal did not answer a call: the server is down, frozen or unreachable. */
export class TemporalUnanswered extends Error {
  constructor(cause: unknown) {
    super('Temporal has not answered', { cause });
  }
}

export interface PresenceOptions {
  /** Temporal counts as away when a start or a probe is unanswered for this long. */
  awayAfterMs: number;
  /** How long an answer counts as proof, and how often probes are sent until there is one. */
  probeEveryMs: number;
}

const defaults: PresenceOptions = { awayAfterMs: 2_000, probeEveryMs: 1_000 };
/**
 * An extra wait after a late timer, as after a freeze of this process, to read answers from the
 * socket.
 */
const lateMs = 100;

/** A call that Temporal is expected to answer. */
export interface Expectation {
  /** Temporal answered, or the call was abandoned. */
  end(answered: boolean): void;
}

/**
 * Tracks whether Temporal answers. Temporal is away when a start or a probe is unanswered for two
 * seconds, and back when no call is unanswered. The API probes only while requests need Temporal
 * and the last answer is older than a second, and while Temporal is away. An idle API sends no
 * probes.
 */
export class TemporalPresence {
  private readonly options: PresenceOptions;
  /** The calls that are unanswered for too long. */
  private readonly overdue = new Set<Expectation>();
  private readonly onAway = new Set<() => void>();
  private answeredAt = -Infinity;
  private probing: Promise<void> | undefined;
  private closed = false;

  /** @param probe rejects if Temporal does not answer */
  constructor(
    private readonly probe: () => Promise<void>,
    private readonly logger: Logger,
    options: Partial<PresenceOptions> = {},
  ) {
    this.options = { ...defaults, ...options };
  }

  get away(): boolean {
    return this.overdue.size > 0;
  }

  /** Calls the listener each time Temporal goes away. Returns how to unsubscribe. */
  whenAway(listener: () => void): () => void {
    this.onAway.add(listener);
    return () => this.onAway.delete(listener);
  }

  /**
   * Resolves if Temporal answered within the last second, or once it answers a probe.
   *
   * @throws Problem `unavailable` if Temporal is away, at once or after the time limit
   */
  async confirm(): Promise<void> {
    if (!this.away) {
      if (performance.now() - this.answeredAt <= this.options.probeEveryMs) return;
      this.probing ??= this.probeUntilAnswered();
      await this.answeredOrAway(this.probing);
    }
    if (this.away) throw unavailable();
  }

  /** Notes the beginning of a call that Temporal must answer. */
  expect(): Expectation {
    const { awayAfterMs } = this.options;
    const sentAt = performance.now();
    const expectation = {
      end: (answered: boolean) => {
        clearTimeout(timer);
        if (answered) this.answeredAt = Math.max(this.answeredAt, sentAt);
        if (this.overdue.delete(expectation) && !this.away)
          this.logger.info('Temporal answers again');
      },
    };
    const giveUp = () => {
      if (performance.now() - sentAt > awayAfterMs + lateMs && !looked) {
        looked = true;
        timer = setTimeout(giveUp, lateMs).unref();
        return;
      }
      const wasAway = this.away;
      this.overdue.add(expectation);
      if (wasAway) return;
      this.logger.warn('Temporal does not answer; orders are refused until it does');
      for (const listener of [...this.onAway]) listener();
    };
    let looked = false;
    let timer = setTimeout(giveUp, awayAfterMs).unref();
    return expectation;
  }

  /** Sends no more probes. */
  close(): void {
    this.closed = true;
  }

  private async probeUntilAnswered(): Promise<void> {
    const expectation = this.expect();
    let answered = false;
    while (!answered && !this.closed) {
      const begunAt = performance.now();
      answered = await this.probe().then(
        () => true,
        () => false,
      );
      // An answer proves Temporal's presence from when the call began.
      if (answered) this.answeredAt = begunAt;
      else await pause(begunAt + this.options.probeEveryMs - performance.now());
    }
    this.probing = undefined;
    expectation.end(answered);
  }

  private answeredOrAway(answered: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.whenAway(() => {
        stop();
        resolve();
      });
      void answered.then(() => {
        stop();
        resolve();
      });
    });
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(ms, 0)).unref());
}
