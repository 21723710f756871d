import fc from 'fast-check';
import type { EventType } from '../../contracts/events';
import type { CrashSwitch } from '../participants/property';
import type { HandDelivered, HandDelivery } from './hand-delivery';

/**
 * The promise as one property. The events of two orders come in any order, twice, late or at once;
 * reactions are lost before their commit; the customer cancels in between. Each order ends, and
 * took either one deduction and one use, or nothing.
 */

/** The broker's next action; `pick` chooses among the deliverable events. */
type Move =
  | { kind: 'deliver' | 'repeat' | 'crash'; pick: number }
  | { kind: 'both'; pick: number; other: number }
  | { kind: 'cancel'; order: number };

const pick = fc.nat(100);
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('deliver' as const), pick }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('repeat' as const), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('both' as const), pick, other: pick }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('cancel' as const), order: fc.nat(1) }),
  },
);

const orderIds = ['o-1', 'o-2'];

/** What a run of the property has met with. */
export interface Met {
  moves: Record<Move['kind'], number>;
  endings: Set<string>;
}

/** The broker: events to deliver, and delivered ones that it may deliver again. */
class Broker {
  private readonly open: HandDelivery[] = [];
  private readonly delivered = new Map<HandDelivery, EventType>();

  constructor(
    private readonly shop: HandDelivered,
    private readonly crash: CrashSwitch,
    private readonly moves: Met['moves'],
  ) {}

  async collect(): Promise<void> {
    this.open.push(...(await this.shop.handOver()));
  }

  get isEmpty(): boolean {
    return this.open.length === 0;
  }

  async make(wanted: Move): Promise<void> {
    if (wanted.kind === 'cancel') {
      await this.shop.cancel(orderIds[wanted.order] ?? 'o-1');
    } else if (wanted.kind === 'repeat') {
      if (this.delivered.size === 0) return;
      const delivery = [...this.delivered.keys()][wanted.pick % this.delivered.size];
      if (delivery) expect(await this.shop.deliver(delivery)).toBe(this.delivered.get(delivery));
    } else {
      const first = this.take(wanted.pick);
      if (!first) return;
      if (wanted.kind === 'crash') await this.crashIn(first);
      // The same event twice at once, if there is no other.
      const second = wanted.kind === 'both' ? (this.take(wanted.other) ?? first) : undefined;
      const made = second ? [first, second] : [first];
      const emitted = await Promise.all(made.map((one) => this.shop.deliver(one)));
      made.forEach((one, i) => emitted[i] && this.delivered.set(one, emitted[i]));
    }
    this.moves[wanted.kind] += 1;
  }

  private take(at: number): HandDelivery | undefined {
    if (this.isEmpty) return undefined;
    return this.open.splice(at % this.open.length, 1)[0];
  }

  /** The consumer dies after all its writes and before their commit. */
  private async crashIn(delivery: HandDelivery): Promise<void> {
    const { fired } = this.crash;
    this.crash.armed = true;
    await expect(this.shop.deliver(delivery)).rejects.toThrow('lost before the commit');
    expect(this.crash.fired).toBe(fired + 1);
  }
}

/** Rejects, with fast-check's seed and path in the message, when an order ends otherwise. */
export async function checkInterleavings(shop: HandDelivered, crash: CrashSwitch): Promise<Met> {
  const met: Met = {
    moves: { deliver: 0, repeat: 0, crash: 0, both: 0, cancel: 0 },
    endings: new Set(),
  };
  const balances = fc.record({ apples: fc.nat(2), points: fc.nat(2) });
  await fc.assert(
    fc.asyncProperty(balances, fc.array(move, { maxLength: 30 }), async (opening, moves) => {
      await shop.begin(opening);
      for (const orderId of orderIds) await shop.place(orderId);
      const broker = new Broker(shop, crash, met.moves);
      await broker.collect();
      for (const next of moves) {
        await broker.make(next);
        await broker.collect();
      }
      while (!broker.isEmpty) {
        await broker.make({ kind: 'deliver', pick: 0 });
        await broker.collect();
      }
      const rows = await Promise.all(orderIds.map((orderId) => shop.orderRow(orderId)));
      for (const { status, reason } of rows) {
        expect(['COMPLETED', 'CANCELLED']).toContain(status);
        met.endings.add(`${status} ${reason ?? ''}`.trim());
      }
      await shop.expectClean();
      const completed = rows.filter(({ status }) => status === 'COMPLETED').length;
      const apple: unknown = await shop.databases.product('products').first('available');
      const anna: unknown = await shop.databases.point('point_accounts').first('available');
      expect(apple).toEqual({ available: opening.apples - completed });
      expect(anna).toEqual({ available: opening.points - completed });
    }),
    { numRuns: 30, seed: 20_260, endOnFailure: true, includeErrorInReport: true },
  );
  return met;
}
