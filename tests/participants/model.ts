import type { StepOutcome } from '../../contracts/steps';

/**
 * A far simpler model of a participant: no database, one step after another. The property tests
 * compare the real one with it.
 */

export interface ModelOrder {
  orderId: string;
  /** What the order takes from each balance. */
  takes: Record<string, number>;
}

export type Event =
  | { kind: 'act'; orders: ModelOrder[] }
  | { kind: 'compensate'; orders: ModelOrder[] }
  /** The transaction is lost just before its commit, then repeated. */
  | { kind: 'act-after-crash'; orders: ModelOrder[] }
  | { kind: 'compensate-after-crash'; orders: ModelOrder[] }
  | { kind: 'refill'; id: string; amount: number };

type Recorded = Extract<StepOutcome, { kind: 'done' | 'rejected' | 'cancelled' }>;

export class Model {
  readonly balances: Map<string, number>;
  readonly ledger: string[];
  private readonly actions: Map<string, Recorded>;
  private readonly compensated: Set<string>;

  constructor(
    private readonly rejection: Recorded,
    balances: Iterable<[string, number]>,
    from?: Model,
  ) {
    this.balances = new Map(balances);
    this.ledger = [...(from?.ledger ?? [])];
    this.actions = new Map(from?.actions);
    this.compensated = new Set(from?.compensated);
  }

  clone(): Model {
    return new Model(this.rejection, this.balances, this);
  }

  apply(event: Event): StepOutcome[] {
    switch (event.kind) {
      case 'act':
      case 'act-after-crash':
        return event.orders.map((order) => this.act(order));
      case 'compensate':
      case 'compensate-after-crash':
        return event.orders.map((order) => this.compensate(order));
      case 'refill':
        this.move(event.id, event.amount);
        return [];
    }
  }

  private act(order: ModelOrder): StepOutcome {
    const recorded = this.actions.get(order.orderId);
    if (recorded) return recorded;
    const takes = Object.entries(order.takes);
    const enough = takes.every(([id, amount]) => (this.balances.get(id) ?? 0) >= amount);
    const outcome: Recorded = enough ? { kind: 'done' } : this.rejection;
    if (enough) {
      for (const [id, amount] of takes) this.post(order, id, -amount);
    }
    this.actions.set(order.orderId, outcome);
    return outcome;
  }

  private compensate(order: ModelOrder): StepOutcome {
    const action = this.actions.get(order.orderId);
    if (!action) this.actions.set(order.orderId, { kind: 'cancelled' });
    if (action?.kind === 'done' && !this.compensated.has(order.orderId)) {
      for (const [id, amount] of Object.entries(order.takes)) this.post(order, id, amount);
    }
    this.compensated.add(order.orderId);
    return { kind: 'done' };
  }

  private post(order: ModelOrder, id: string, amount: number): void {
    this.ledger.push(`${order.orderId} ${id} ${String(amount)}`);
    this.move(id, amount);
  }

  private move(id: string, amount: number): void {
    this.balances.set(id, (this.balances.get(id) ?? 0) + amount);
  }
}
