import type { Logger } from 'pino';
import { unavailable } from './unavailability';

/** A call to Temporal that nobody has answered: the server is away, frozen, or cannot be reached. */
export class TemporalUnanswered extends Error {
  constructor(cause: unknown) {
    super('Temporal has not answered', { cause });
  }
}

export interface PresenceOptions {
  /** A start, or a probe, that is unanswered for so long means that Temporal is away. */
  awayAfterMs: number;
  /** An answer is believed for so long; and until there is one, a probe is sent so often. */
  probeEveryMs: number;
}

const defaults: PresenceOptions = { awayAfterMs: 2_000, probeEveryMs: 1_000 };
/** After a timer that came late, as after a freeze of our own: for answers that lie in the socket. */
const lateMs = 100;

/** A call that Temporal is expected to answer. */
export interface Expectation {
  /** It was, or we have stopped asking. */
  end(answered: boolean): void;
}

/**
 * Whether Temporal is there. It is away when a start or a probe is unanswered for two seconds, and
 * back when nothing is unanswered any more. Probes are sent only while somebody asks and no answer
 * is younger than a second, and while it is away: an idle API asks Temporal nothing.
 */
export class TemporalPresence {
  private readonly options: PresenceOptions;
  /** What is unanswered for too long. */
  private readonly overdue = new Set<Expectation>();
  private readonly onAway = new Set<() => void>();
  private answeredAt = -Infinity;
  private probing: Promise<void> | undefined;
  private closed = false;

  /** @param probe rejects when it is not answered */
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

  /** Called each time that Temporal turns out to be away; answers how to have that no more. */
  whenAway(listener: () => void): () => void {
    this.onAway.add(listener);
    return () => this.onAway.delete(listener);
  }

  /**
   * Resolves when Temporal has answered within the last second, or does so now.
   *
   * @throws Problem `unavailable` when it is away: at once, or once it has been silent for too long
   */
  async confirm(): Promise<void> {
    if (!this.away) {
      if (performance.now() - this.answeredAt <= this.options.probeEveryMs) return;
      this.probing ??= this.probeUntilAnswered();
      await this.answeredOrAway(this.probing);
    }
    if (this.away) throw unavailable();
  }

  /** A call begins that Temporal is expected to answer. */
  expect(): Expectation {
    const { awayAfterMs } = this.options;
    const sentAt = performance.now();
    const expectation = {
      end: (answered: boolean) => {
        clearTimeout(timer);
        if (answered) this.answeredAt = Math.max(this.answeredAt, sentAt);
        if (this.overdue.delete(expectation) && !this.away) this.logger.info('Temporal is back');
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
      this.logger.warn('Temporal is away: nothing is placed until it answers');
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
      // What was silent for long is believed from its last probe on.
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
