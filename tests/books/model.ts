import fc from 'fast-check';
import type { StepOutcome } from '../../contracts/steps';

/**
 * A model of a participant's books at the limits of their columns and of an order's amount: one
 * balance, in unlimited whole numbers.
 */

/** The maximum of a balance's column. */
export const columnMax = 2n ** 63n - 1n;
/** The maximum cost of an order: the API refuses more. */
const amountMax = BigInt(Number.MAX_SAFE_INTEGER);

export interface Order {
  orderId: string;
  amount: bigint;
}

/** What is done with the taken orders: `end` says for each whether it stays taken. */
export interface Scenario {
  opening: bigint;
  orders: Order[];
  stays: boolean[];
}

const amount = fc.oneof(
  fc.bigInt({ min: amountMax - 9n, max: amountMax }),
  fc.bigInt({ min: 1n, max: 3n }),
);

/** Full balances, and balances that just suffice for some of the orders, or just do not. */
export const arbitraryScenario: fc.Arbitrary<Scenario> = fc
  .array(fc.tuple(amount, fc.boolean()), { minLength: 2, maxLength: 8 })
  .chain((drawn) => {
    const amounts = drawn.map(([one]) => one);
    const opening = fc.oneof(
      fc.bigInt({ min: columnMax - 9n, max: columnMax }),
      fc
        .tuple(fc.integer({ min: 1, max: amounts.length }), fc.bigInt({ min: -1n, max: 1n }))
        .map(([some, more]) => amounts.slice(0, some).reduce((sum, n) => sum + n, more)),
    );
    return opening.map((most) => ({
      opening: most,
      orders: amounts.map((one, i) => ({ orderId: `o-${String(i)}`, amount: one })),
      stays: drawn.map(([, stays]) => stays),
    }));
  });

/** One balance and its ledger. */
export class Books {
  reserved = 0n;
  readonly ledger: string[] = [];

  constructor(
    public available: bigint,
    private readonly rejection: StepOutcome,
  ) {}

  /** The orders that can be taken, in sequence. */
  take(orders: readonly Order[]): { outcomes: StepOutcome[]; taken: Order[] } {
    const taken: Order[] = [];
    const outcomes = orders.map((order): StepOutcome => {
      if (this.available < order.amount) return this.rejection;
      this.available -= order.amount;
      taken.push(order);
      return { kind: 'done' };
    });
    return { outcomes, taken };
  }

  post({ orderId, amount: by }: Order, sign: 1n | -1n): void {
    this.ledger.push(`${orderId} ${String(sign * by)}`);
  }

  seen() {
    return {
      available: String(this.available),
      reserved: String(this.reserved),
      ledger: [...this.ledger].sort(),
    };
  }
}
