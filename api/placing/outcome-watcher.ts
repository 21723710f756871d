import type { Logger } from 'pino';
import type { OrderSummary } from '../../activities/order/queries';

export interface WatcherOptions {
  intervalMs: number;
  /** The pause after a failed query. */
  retryMs: number;
  idsPerQuery: number;
  /** With more waiting callers, a new one is answered at once and must poll. */
  waitersMax: number;
}

export const defaultWatcherOptions: WatcherOptions = {
  intervalMs: 10,
  retryMs: 250,
  idsPerQuery: 1_000,
  waitersMax: 20_000,
};

/**
 * After each poll, the watcher pauses for this multiple of the poll's duration, to bound the load.
 */
const pauseFactor = 10;

type Waiter = (outcome: OrderSummary | undefined) => void;

/**
 * Tells callers when their orders have ended or are PENDING. It reads the orders' rows, whichever
 * process drives the orders: one query per tick for all waiting callers, and none while no caller
 * waits.
 */
export class OutcomeWatcher {
  private readonly waiters = new Map<string, Set<Waiter>>();
  private count = 0;
  private polling = false;
  private woken = false;
  private closed = false;
  private endPause: () => void = () => undefined;

  constructor(
    private readonly settled: (orderIds: readonly string[]) => Promise<OrderSummary[]>,
    private readonly logger: Logger,
    private readonly options: WatcherOptions = defaultWatcherOptions,
  ) {}

  /**
   * The order once it is COMPLETED, CANCELLED or PENDING; undefined when the time is over or the
   * caller has gone. With `isEnough` the watcher may wait for a later state.
   */
  wait(
    orderId: string,
    waitMs: number,
    gone?: AbortSignal,
    isEnough: (outcome: OrderSummary) => boolean = () => true,
  ): Promise<OrderSummary | undefined> {
    const isOver = waitMs <= 0 || gone?.aborted === true || this.closed;
    if (isOver || this.count >= this.options.waitersMax) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const waiter: Waiter = (outcome) => {
        if (outcome && !isEnough(outcome)) return;
        clearTimeout(timer);
        gone?.removeEventListener('abort', giveUp);
        this.remove(orderId, waiter);
        resolve(outcome);
      };
      const giveUp = () => {
        waiter(undefined);
      };
      const timer = setTimeout(giveUp, waitMs);
      gone?.addEventListener('abort', giveUp);
      this.add(orderId, waiter);
      if (!this.polling) void this.poll();
    });
  }

  /** Polls at once, because a workflow of this process has closed. */
  wake(): void {
    this.woken = true;
    this.endPause();
  }

  /** Ends the wait of every caller that waits now. */
  release(): void {
    for (const waiters of [...this.waiters.values()]) {
      for (const tell of [...waiters]) tell(undefined);
    }
  }

  /** Does the same, and ends the wait of later callers at once. */
  close(): void {
    this.closed = true;
    this.release();
  }

  private async poll(): Promise<void> {
    this.polling = true;
    let pauseMs = this.options.intervalMs;
    while (this.waiters.size > 0) {
      await this.pause(pauseMs);
      const startedAt = performance.now();
      const succeeded = await this.look();
      pauseMs = succeeded
        ? Math.max(this.options.intervalMs, pauseFactor * (performance.now() - startedAt))
        : this.options.retryMs;
    }
    this.polling = false;
  }

  /** A wake during a poll counts: its change may have come just after the query. */
  private async pause(pauseMs: number): Promise<void> {
    if (!this.woken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pauseMs);
        this.endPause = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.woken = false;
  }

  private async look(): Promise<boolean> {
    const ids = [...this.waiters.keys()];
    try {
      for (let i = 0; i < ids.length; i += this.options.idsPerQuery) {
        const orders = await this.settled(ids.slice(i, i + this.options.idsPerQuery));
        for (const order of orders) {
          for (const tell of [...(this.waiters.get(order.orderId) ?? [])]) tell(order);
        }
      }
      return true;
    } catch (error) {
      this.logger.warn(
        { err: error, waiting: ids.length },
        'cannot read the orders that callers wait for',
      );
      return false;
    }
  }

  private add(orderId: string, waiter: Waiter): void {
    const others = this.waiters.get(orderId);
    if (others) others.add(waiter);
    else this.waiters.set(orderId, new Set([waiter]));
    this.count++;
  }

  private remove(orderId: string, waiter: Waiter): void {
    const waiters = this.waiters.get(orderId);
    if (!waiters?.delete(waiter)) return;
    this.count--;
    if (waiters.size === 0) this.waiters.delete(orderId);
  }
}
