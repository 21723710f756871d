import type { StepOutcome } from '../../contracts/steps';

/**
 * A far simpler model of a participant in TCC: no database, one step after another. The property
 * test compares the real one with it.
 */

export type Phase = 'try' | 'confirm' | 'cancel' | 'freeze' | 'thaw';

export interface ModelOrder {
  orderId: string;
  takes: Record<string, number>;
}

export class Model {
  /** Determine `available+reserved` of each balance. */
  private readonly available: Map<string, number>;
  private readonly reserved = new Map<string, number>();
  private readonly tried = new Map<string, StepOutcome>();
  private readonly confirmed = new Set<string>();
  private readonly cancelled = new Set<string>();
  /** What an operator's newest resolution has made of an order's reservation. */
  private readonly resolved = new Map<string, { resolution: number; frozen: boolean }>();

  constructor(opening: Iterable<[string, number]>) {
    this.available = new Map(opening);
  }

  clone(): Model {
    const copy = new Model(this.available);
    for (const [id, n] of this.reserved) copy.reserved.set(id, n);
    for (const [id, outcome] of this.tried) copy.tried.set(id, outcome);
    for (const id of this.confirmed) copy.confirmed.add(id);
    for (const id of this.cancelled) copy.cancelled.add(id);
    for (const [id, one] of this.resolved) copy.resolved.set(id, one);
    return copy;
  }

  /** @param resolution the operator's, of a freeze or a thaw */
  apply(phase: Phase, orders: ModelOrder[], resolution: number): StepOutcome[] {
    return orders.map((order) => this[phase](order, resolution));
  }

  balances(): string[] {
    return [...this.available].map(([id, n]) => `${id} ${n}+${this.reserved.get(id) ?? 0}`).sort();
  }

  /** State and newest resolution of what each order has reserved. */
  reservations(): string[] {
    const reserved = [...this.tried].filter(([, { kind }]) => kind === 'done');
    return reserved.map(([orderId]) => {
      const { resolution = 0, frozen = false } = this.resolved.get(orderId) ?? {};
      const open = frozen ? 'frozen' : 'reserved';
      const ended = this.cancelled.has(orderId) ? 'cancelled' : open;
      const state = this.confirmed.has(orderId) ? 'confirmed' : ended;
      return `${orderId} ${state} ${resolution}`;
    });
  }

  private try({ orderId, takes }: ModelOrder): StepOutcome {
    const recorded = this.tried.get(orderId);
    if (recorded) return recorded;
    const enough = Object.entries(takes).every(([id, n]) => (this.available.get(id) ?? 0) >= n);
    const outcome: StepOutcome = enough
      ? { kind: 'done' }
      : { kind: 'rejected', code: 'insufficient-stock' };
    this.tried.set(orderId, outcome);
    if (enough) this.move(takes, { available: -1, reserved: 1 });
    return outcome;
  }

  private confirm({ orderId, takes }: ModelOrder): StepOutcome {
    const tried = this.tried.get(orderId)?.kind;
    if (this.cancelled.has(orderId)) return { kind: 'broken', code: 'confirm-after-cancel' };
    if (tried !== 'done') return { kind: 'broken', code: 'confirm-without-reservation' };
    if (this.resolved.get(orderId)?.frozen) return { kind: 'frozen' };
    if (!this.confirmed.has(orderId)) this.move(takes, { available: 0, reserved: -1 });
    this.confirmed.add(orderId);
    return { kind: 'done' };
  }

  private cancel({ orderId, takes }: ModelOrder): StepOutcome {
    if (this.confirmed.has(orderId)) return { kind: 'refused' };
    const tried = this.tried.get(orderId)?.kind;
    if (tried === 'done' && !this.cancelled.has(orderId)) {
      this.move(takes, { available: 1, reserved: -1 });
    }
    if (tried === undefined) this.tried.set(orderId, { kind: 'cancelled' });
    this.cancelled.add(orderId);
    return { kind: 'done' };
  }

  private freeze({ orderId }: ModelOrder, resolution: number): StepOutcome {
    if (this.tried.get(orderId)?.kind !== 'done') {
      return { kind: 'broken', code: 'confirm-without-reservation' };
    }
    const before = this.resolved.get(orderId) ?? { resolution: 0, frozen: false };
    const isRepeat = before.frozen && before.resolution === resolution;
    const isNewer = before.resolution < resolution;
    if (!this.isOpen(orderId) || !(isNewer || isRepeat)) return { kind: 'refused' };
    this.resolved.set(orderId, { resolution, frozen: true });
    return { kind: 'done' };
  }

  private thaw({ orderId }: ModelOrder, resolution: number): StepOutcome {
    const newest = this.resolved.get(orderId)?.resolution ?? 0;
    if (this.isOpen(orderId) && newest <= resolution) {
      this.resolved.set(orderId, { resolution, frozen: false });
    }
    return { kind: 'done' };
  }

  private isOpen(orderId: string): boolean {
    const isEnded = this.confirmed.has(orderId) || this.cancelled.has(orderId);
    return this.tried.get(orderId)?.kind === 'done' && !isEnded;
  }

  private move(takes: Record<string, number>, by: { available: number; reserved: number }): void {
    for (const [id, n] of Object.entries(takes)) {
      this.available.set(id, (this.available.get(id) ?? 0) + by.available * n);
      this.reserved.set(id, (this.reserved.get(id) ?? 0) + by.reserved * n);
    }
  }
}
