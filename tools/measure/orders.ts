import { customerId, productId, seededWorld } from '../../migrations/seed';
import type { LoadOrder } from '../load/order-file';
import { seededRandom, weightedIndex, wholeNumber, type Random } from '../load/random';

export const scenarioNames = ['plain', 'failing', 'hot'] as const;
export type ScenarioName = (typeof scenarioNames)[number];

/** What kind of orders a run places. */
export interface Scenario {
  name: ScenarioName;
  /** As a table's title. */
  title: string;
  /** Percent of orders that cannot succeed: half for want of stock, half for want of points. */
  failedPercent: number;
  /** Every order also wants the same product. */
  hot: boolean;
}

export const scenarios: Record<ScenarioName, Scenario> = {
  plain: { name: 'plain', title: 'Orders that succeed', failedPercent: 0, hot: false },
  failing: {
    name: 'failing',
    title: '10 % of the orders cannot succeed',
    failedPercent: 10,
    hot: false,
  },
  hot: { name: 'hot', title: 'Every order wants the same product', failedPercent: 0, hot: true },
};

/** How often a basket has 1, 2, 3, 4, 5 lines. */
const basketSize = weightedIndex([40, 25, 18, 11, 6]);
const quantityMax = 3;
const plentiful = seededWorld.firstScarceProduct - 1;
const rich = seededWorld.firstPoorCustomer - 1;

/**
 * Orders without end, the same for the same seed. Products are drawn evenly, because popular ones
 * would slow the raw transactions, which hold a row through their commit, more than the others.
 */
export function* benchOrders(scenario: Scenario, seed: number): Generator<LoadOrder> {
  const random = seededRandom(seed);
  for (;;) yield order(scenario, random);
}

function order({ failedPercent, hot }: Scenario, random: Random): LoadOrder {
  const products = new Set<number>();
  if (hot) products.add(1);
  const size = basketSize(random) + 1;
  while (products.size < size) products.add(wholeNumber(random, hot ? 2 : 1, plentiful));
  const items = [...products].map((n) => ({
    productId: productId(n),
    quantity: wholeNumber(random, 1, quantityMax),
  }));
  const customer = customerId(wholeNumber(random, 1, rich));
  const fate = random() * 100;
  if (fate < failedPercent / 2) {
    const soldOut = { productId: productId(seededWorld.products), quantity: 1 };
    return { customerId: customer, items: [soldOut, ...items.slice(1)] };
  }
  if (fate < failedPercent) {
    const poor = wholeNumber(random, seededWorld.firstPoorCustomer, seededWorld.customers);
    // No price is below 1, so that more pieces than points cannot be paid.
    const [first, ...rest] = items;
    const dear = { productId: first?.productId ?? productId(1), quantity: 11 };
    return { customerId: customerId(poor), items: [dear, ...rest] };
  }
  return { customerId: customer, items };
}
