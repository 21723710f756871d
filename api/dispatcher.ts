import { batchLimits } from '../contracts/limits';
import { sendBatch, type BatchDeps, type BatchedOrder } from './batch';
import { overloaded, unavailable } from './unavailability';

export interface DispatcherOptions {
  /** Workflows at once: fewer make bigger batches, and more throughput for the same work. */
  inFlightMax: number;
  /**
   * A batch of more orders than this flies alone: what comes meanwhile shares the next one's cost.
   * Smaller ones do not wait for each other, so that at low load nobody waits for anybody.
   */
  smallOrdersMax: number;
  /** Orders a workflow; 1 is a workflow an order. */
  ordersMax: number;
  linesMax: number;
  bytesMax: number;
  /** A batch older than this no longer counts as in flight, so that a stuck one stops nobody. */
  staleMs: number;
  /** Orders that may wait to be claimed; more are turned away. */
  backlogMax: number;
  startAttemptsMax: number;
  startRetryMs: number;
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
};

export interface DispatcherDeps extends BatchDeps {
  /** Called when a workflow has closed, or when orders turned out to be others'. */
  onProgress: () => void;
}

/** One request's part in the placing of an order. */
export interface Placement {
  /** Resolves once the order has an owner that drives it; rejects with what a caller is told. */
  admitted: Promise<void>;
  /** Takes the order back: true when it was still waiting, so that nothing was done. */
  withdraw(): boolean;
}

interface Entry extends BatchedOrder {
  lines: number;
  admitted: Promise<void>;
  /** Requests that wait for it; the same order may be placed by many at once. */
  holders: number;
}

/** Upper bounds of an order's JSON in a workflow's input, ids being 64 characters at most. */
const orderBytesMax = 300;
const lineBytesMax = 150;

/**
 * Sends orders to be placed in batches: while few workflows are in flight the next one leaves at
 * once with all that has come by then, so that an order alone has no added wait, and under load a
 * workflow's cost is shared by hundreds.
 */
export class Dispatcher {
  private readonly options: DispatcherOptions;
  /** Waiting to leave, in the order of their coming. */
  private readonly queue = new Map<string, Entry>();
  /** Waiting or leaving: a second request for one of these joins the first. */
  private readonly entries = new Map<string, Entry>();
  private inFlight = 0;
  private largeInFlight = 0;
  private scheduled = false;
  private closed = false;
  private onIdle: () => void = () => undefined;

  constructor(
    private readonly deps: DispatcherDeps,
    options: Partial<DispatcherOptions> = {},
  ) {
    this.options = { ...defaultDispatcherOptions, ...options };
  }

  /**
   * Queues an order that was seen CREATED.
   *
   * @throws Problem `overloaded` when too many wait already, `unavailable` while shutting down
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

  /** Takes no more orders; resolves when those that wait have been claimed and started. */
  async close(): Promise<void> {
    this.closed = true;
    if (this.entries.size === 0) return;
    await new Promise<void>((resolve) => {
      this.onIdle = resolve;
    });
  }

  private enqueue({ orderId, lineCount }: { orderId: string; lineCount: number }): Entry {
    if (this.closed) throw unavailable();
    if (this.queue.size >= this.options.backlogMax) throw overloaded();
    const entry = newEntry(orderId, lineCount);
    this.queue.set(orderId, entry);
    this.entries.set(orderId, entry);
    if (!this.scheduled) {
      this.scheduled = true;
      // Orders that were read from their sockets in one turn of the event loop leave together.
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
      void this.send(batch).finally(() => {
        clearTimeout(timer);
        release();
        this.deps.onProgress();
      });
    }
  }

  private hasRoom(): boolean {
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
      // An order that is larger than a batch may be leaves alone, or it would never leave.
      if (full && batch.length > 0) break;
      batch.push(entry);
      this.queue.delete(entry.orderId);
    }
    return batch;
  }

  private async send(batch: readonly Entry[]): Promise<void> {
    const started = await sendBatch(this.deps, batch, this.options);
    this.forget(batch);
    await started?.closed;
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
  // Its requests may have gone by then; that is no unhandled rejection.
  admitted.catch(() => undefined);
  return { orderId, lines, admitted, admit, refuse, holders: 0 };
}
