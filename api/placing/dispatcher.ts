import { batchLimits } from '../../contracts/limits';
import { stopLimits, type StopLimits } from '../stop-limits';
import { sendBatch, type BatchDeps, type BatchedOrder } from './send-batch';
import { within } from '../deadline';
import type { TemporalPresence } from './temporal-presence';
import { orderOutcomeUnknown, overloaded, unavailable } from '../http/unavailability';

export interface DispatcherOptions {
  /** Concurrent workflows. Fewer make bigger batches, and so more throughput for the same work. */
  inFlightMax: number;
  /**
   * While a batch of more orders than this is in flight, new orders wait and share the next batch.
   * Smaller batches do not wait for each other, so at low load no order waits.
   */
  smallOrdersMax: number;
  /** Orders per workflow; 1 gives every order a workflow of its own. */
  ordersMax: number;
  linesMax: number;
  bytesMax: number;
  /**
   * A batch older than this no longer counts as in flight, so a stuck one does not block others.
   */
  staleMs: number;
  /** Orders that may wait to be claimed. The API refuses any more. */
  backlogMax: number;
  startAttemptsMax: number;
  startRetryMs: number;
  /** Concurrent claims while the process shuts down. Orders that still wait can be withdrawn. */
  lastClaimsMax: number;
  stop: Omit<StopLimits, 'answerMsMax'>;
}

export const defaultDispatcherOptions: DispatcherOptions = {
  inFlightMax: 2,
  smallOrdersMax: 8,
  ordersMax: batchLimits.ordersMax,
  linesMax: batchLimits.linesMax,
  bytesMax: batchLimits.bytesMax,
  staleMs: 5_000,
  backlogMax: 5_000,
  startAttemptsMax: 5,
  startRetryMs: 100,
  lastClaimsMax: 8,
  stop: stopLimits,
};

export interface DispatcherDeps extends BatchDeps {
  /** Called when a workflow has closed, or when other workflows turned out to own orders. */
  onProgress: () => void;
  temporal: Pick<TemporalPresence, 'away' | 'confirm' | 'expect' | 'whenAway'>;
}

/** One request to place an order. */
export interface Placement {
  /** Resolves once the order has an owner that drives it; rejects with the caller's problem. */
  admitted: Promise<void>;
  /** Withdraws the request. True if the order was still waiting: then nothing was done. */
  withdraw(): boolean;
}

interface Entry extends BatchedOrder {
  lines: number;
  admitted: Promise<void>;
  /** The requests that wait for this order; several may place the same one. */
  holders: number;
}

/** Upper bounds of an order's JSON in a workflow's input; ids have 64 characters at most. */
const orderBytesMax = 300;
const lineBytesMax = 150;

/**
 * Places orders in batches. While few workflows are in flight, the next one starts at once with all
 * orders that wait. A single order has no added wait; under load hundreds of orders share the cost
 * of a workflow.
 */
export class Dispatcher {
  private readonly options: DispatcherOptions;
  /** Waiting for a batch, in order of arrival. */
  private readonly queue = new Map<string, Entry>();
  /** Waiting or in a batch. A second request for one of these joins the first. */
  private readonly entries = new Map<string, Entry>();
  /** Claim sent, not answered yet. */
  private readonly claiming = new Set<Entry>();
  /** By order, for batches of several: ends the batch's counting as in flight. */
  private readonly releases = new Map<string, () => void>();
  private batchesClaiming = 0;
  private inFlight = 0;
  private largeInFlight = 0;
  private scheduled = false;
  private hurried = false;
  private closed = false;
  /** Aborted when unacknowledged starts are left to adoption. */
  private readonly leaving = new AbortController();
  private onIdle: () => void = () => undefined;

  constructor(
    private readonly deps: DispatcherDeps,
    options: Partial<DispatcherOptions> = {},
  ) {
    this.options = { ...defaultDispatcherOptions, ...options };
    deps.temporal.whenAway(() => {
      this.withdrawAll();
    });
  }

  /**
   * Queues an order that was read as CREATED.
   *
   * @throws Problem `overloaded` if too many orders wait, `unavailable` while shutting down or
   *   while Temporal does not answer
   */
  place(order: { orderId: string; lineCount: number }): Placement {
    const entry = this.entries.get(order.orderId) ?? this.enqueue(order);
    entry.holders++;
    return {
      admitted: entry.admitted,
      withdraw: () => {
        entry.holders--;
        if (entry.holders > 0 || this.queue.get(entry.orderId) !== entry) return false;
        this.queue.delete(entry.orderId);
        this.forget([entry]);
        return true;
      },
    };
  }

  /**
   * An order has ended. Its batch no longer counts as in flight: the orders that wait for nobody end
   * about together, and those that are left may wait for minutes.
   */
  ended(orderId: string): void {
    this.releases.get(orderId)?.();
  }

  /** The process is about to stop: claims all waiting orders at once, whatever is in flight. */
  hurry(): void {
    this.hurried = true;
    this.leave();
  }

  /**
   * Accepts no more orders and claims the waiting ones at once. Withdraws those that are not
   * claimed in time. Resolves when the claimed orders are started or left to adoption.
   */
  async close(): Promise<void> {
    this.closed = true;
    this.hurry();
    if (this.entries.size === 0) return;
    const { withdrawMs, startMsMax } = this.options.stop;
    const idle = new Promise<void>((resolve) => {
      this.onIdle = resolve;
    });
    const withdrawal = setTimeout(() => {
      this.withdrawAll();
      // Their claims were sent and may take effect.
      for (const { orderId, refuse } of this.claiming) refuse(orderOutcomeUnknown(orderId));
    }, withdrawMs);
    await within(startMsMax, idle);
    clearTimeout(withdrawal);
    this.leaving.abort();
  }

  /** The orders whose claim was not sent: nothing was done for them. */
  private withdrawAll(): void {
    const waiting = [...this.queue.values()];
    this.queue.clear();
    this.forget(waiting);
    for (const { refuse } of waiting) refuse(unavailable());
  }

  private enqueue({ orderId, lineCount }: { orderId: string; lineCount: number }): Entry {
    if (this.closed || this.deps.temporal.away) throw unavailable();
    if (this.queue.size >= this.options.backlogMax) throw overloaded();
    const entry = newEntry(orderId, lineCount);
    this.queue.set(orderId, entry);
    this.entries.set(orderId, entry);
    if (!this.scheduled) {
      this.scheduled = true;
      // Orders read from sockets in one turn of the event loop share a batch.
      setImmediate(() => {
        this.scheduled = false;
        this.leave();
      });
    }
    return entry;
  }

  private leave(): void {
    while (this.queue.size > 0 && this.hasRoom()) {
      const batch = this.takeBatch();
      const large = batch.length > this.options.smallOrdersMax ? 1 : 0;
      let counted = true;
      this.inFlight++;
      this.largeInFlight += large;
      const release = () => {
        if (!counted) return;
        counted = false;
        this.inFlight--;
        this.largeInFlight -= large;
        this.leave();
      };
      const timer = setTimeout(release, this.options.staleMs).unref();
      const shared = batch.length > 1 ? batch : [];
      for (const { orderId } of shared) this.releases.set(orderId, release);
      void this.send(batch).finally(() => {
        clearTimeout(timer);
        for (const { orderId } of shared) this.releases.delete(orderId);
        release();
        this.deps.onProgress();
      });
    }
  }

  private hasRoom(): boolean {
    if (this.hurried) return this.batchesClaiming < this.options.lastClaimsMax;
    return this.largeInFlight === 0 && this.inFlight < this.options.inFlightMax;
  }

  private takeBatch(): Entry[] {
    const { ordersMax, linesMax, bytesMax } = this.options;
    const batch: Entry[] = [];
    let lines = 0;
    let bytes = 0;
    for (const entry of this.queue.values()) {
      lines += entry.lines;
      bytes += orderBytesMax + entry.lines * lineBytesMax;
      const full = batch.length >= ordersMax || lines > linesMax || bytes > bytesMax;
      // An order above the batch limits goes alone; otherwise it would wait forever.
      if (full && batch.length > 0) break;
      batch.push(entry);
      this.queue.delete(entry.orderId);
    }
    return batch;
  }

  private async send(batch: readonly Entry[]): Promise<void> {
    const claimed = this.claims(batch);
    const started = await sendBatch(this.deps, batch, {
      ...this.options,
      claimed,
      leaving: this.leaving.signal,
    });
    claimed();
    this.forget(batch);
    await started?.closed;
  }

  /** Notes that this batch's claim is unanswered. Call the result once the claim is answered. */
  private claims(batch: readonly Entry[]): () => void {
    this.batchesClaiming++;
    for (const entry of batch) this.claiming.add(entry);
    let done = false;
    return () => {
      if (done) return;
      done = true;
      this.batchesClaiming--;
      for (const entry of batch) this.claiming.delete(entry);
      if (this.hurried) this.leave();
    };
  }

  private forget(batch: readonly Entry[]): void {
    for (const { orderId } of batch) this.entries.delete(orderId);
    if (this.entries.size === 0) this.onIdle();
  }
}

function newEntry(orderId: string, lines: number): Entry {
  let admit: () => void = () => undefined;
  let refuse: (error: unknown) => void = () => undefined;
  const admitted = new Promise<void>((resolve, reject) => {
    admit = resolve;
    refuse = reject;
  });
  // All its requests may have gone; this avoids an unhandled rejection.
  admitted.catch(() => undefined);
  return { orderId, lines, admitted, admit, refuse, holders: 0 };
}
