import { sendBatch, type BatchDeps, type BatchedOrder } from './batch';
import { within } from './deadline';
import { defaultDispatcherOptions, type DispatcherOptions } from './dispatcher-options';
import type { TemporalPresence } from './temporal-presence';
import { orderOutcomeUnknown, overloaded, unavailable } from './unavailability';

export interface DispatcherDeps extends BatchDeps {
  /** Called when a workflow has closed, or when orders turned out to be others'. */
  onProgress: () => void;
  temporal: Pick<TemporalPresence, 'away' | 'confirm' | 'expect' | 'whenAway'>;
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
  /** Waiting for the answer to their claim. */
  private readonly claiming = new Set<Entry>();
  private batchesClaiming = 0;
  private inFlight = 0;
  private largeInFlight = 0;
  private scheduled = false;
  private hurried = false;
  private closed = false;
  /** Aborted when starts that are not answered are left to adoption. */
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
   * Queues an order that was seen CREATED.
   *
   * @throws Problem `overloaded` when too many wait already, `unavailable` while shutting down or
   *   while Temporal is away
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

  /** The process is about to end: what waits is claimed at once, whatever is in flight. */
  hurry(): void {
    this.hurried = true;
    this.leave();
  }

  /**
   * Takes no more orders, and claims those that wait, at once; what cannot be in time is withdrawn.
   * Resolves when what was claimed has been started, or is left to adoption.
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
      // Their claims were sent, and may be made.
      for (const { orderId, refuse } of this.claiming) refuse(orderOutcomeUnknown(orderId));
    }, withdrawMs);
    await within(startMsMax, idle);
    clearTimeout(withdrawal);
    this.leaving.abort();
  }

  /** What is not on its way yet: nothing was done of it. */
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
      // An order that is larger than a batch may be leaves alone, or it would never leave.
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

  /** Notes that this batch waits for its claim's answer; to be called once there is one. */
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
  // Its requests may have gone by then; that is no unhandled rejection.
  admitted.catch(() => undefined);
  return { orderId, lines, admitted, admit, refuse, holders: 0 };
}
