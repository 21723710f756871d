import { setTimeout as sleep } from 'node:timers/promises';
import type { Pattern } from '../../contracts/order';
import { byLabel } from '../../contracts/participants';
import { Gate, stateOf, until } from '../support/orders';
import type { World } from '../support/world';
import { movedWithTerms, type End, type Shop } from './shop';

/** What an outcome needs of a pattern: its participants' steps, in any order. */
export interface Conforming {
  pattern: Pattern;
  /** The last one comes before the decision; a pause there leaves time to cancel. */
  steps: readonly StepName[];
}

type StepName = keyof World['faults'];

interface Outcome {
  what: string;
  happens: (shop: Shop, one: Conforming) => Promise<void>;
}

const completed: End = { status: 'COMPLETED', reason: null };
const cancelled = (reason: string): End => ({ status: 'CANCELLED', reason });
const nothing = byLabel(() => 0);

/** How every pattern must end the same orders. The auditor runs after each. */
export const outcomes: Outcome[] = [
  {
    what: 'an order that can be fulfilled is completed, and takes everything once',
    happens: async (shop, { pattern }) => {
      const orderId = await shop.order({ apple: 2, pear: 1 });
      expect(await shop.place(orderId, pattern)).toEqual(completed);
      expect(await shop.moved(orderId)).toEqual(movedWithTerms({ stock: -3, points: -7 }));
      expect(await stateOf(shop.world, orderId)).toMatchObject({ decision: 'COMPLETE' });
    },
  },
  {
    what: 'an order without enough stock is cancelled for that reason, and keeps nothing',
    happens: (shop, one) => turnedDown(shop, one, { apple: 1, rare: 4 }, 'insufficient-stock'),
  },
  {
    what: 'an order without enough points is cancelled for that reason, and keeps nothing',
    happens: (shop, one) => turnedDown(shop, one, { apple: 2 }, 'insufficient-points', 'poor'),
  },
  {
    what: 'if both are short, the stock is the reason',
    happens: (shop, one) => turnedDown(shop, one, { rare: 4 }, 'insufficient-stock', 'poor'),
  },
  {
    what: 'an order that is placed again gets the same answer, and nothing is done twice',
    happens: async (shop, { pattern }) => {
      const orderId = await shop.order({ apple: 1 });
      for (let i = 0; i < 3; i += 1) {
        expect(await shop.place(orderId, pattern)).toEqual(completed);
      }
      expect(await shop.moved(orderId)).toEqual(movedWithTerms({ stock: -1, points: -2 }));
    },
  },
  {
    what: 'many callers who place one order get the same answer, and nothing is done twice',
    happens: async (shop, { pattern }) => {
      const orderId = await shop.order({ apple: 1 });
      const calls = Array.from({ length: 20 }, () => shop.place(orderId, pattern));
      expect(await Promise.all(calls)).toEqual(calls.map(() => completed));
      expect(await shop.moved(orderId)).toEqual(movedWithTerms({ stock: -1, points: -2 }));
    },
  },
  {
    what: 'a cancel before the placing ends the order, and placing it then takes nothing',
    happens: async (shop, { pattern }) => {
      const orderId = await shop.order({ apple: 1 });
      expect(await shop.cancel(orderId)).toEqual(cancelled('cancelled-by-customer'));
      expect(await shop.place(orderId, pattern)).toEqual(cancelled('cancelled-by-customer'));
      expect(await shop.moved(orderId)).toEqual(nothing);
    },
  },
  {
    what: 'a cancel during the placing wins, and everything is given back',
    happens: cancelledWhilePlacing,
  },
  {
    what: 'a cancel after the completion is refused',
    happens: async (shop, { pattern }) => {
      const orderId = await shop.order({ apple: 1 });
      await shop.place(orderId, pattern);
      expect(await shop.cancel(orderId)).toEqual(completed);
      expect(await shop.moved(orderId)).toEqual(movedWithTerms({ stock: -1, points: -2 }));
    },
  },
  {
    what: 'a scarce product is sold to the last piece and no more',
    happens: scarce,
  },
  {
    what: 'participants that answer too late are asked again, and their effect is made once',
    happens: late,
  },
  {
    what: 'an order driven by two workflows at once is placed once, and both report that',
    happens: drivenTwice,
  },
  {
    what: 'an order whose API dies between claim and start is adopted and completed',
    happens: async (shop, { pattern }) => {
      const orderId = await shop.order({ apple: 1 });
      await shop.claim(orderId, pattern);
      await shop.adopt();
      expect(await shop.ended(orderId)).toEqual(completed);
      expect(await shop.moved(orderId)).toEqual(movedWithTerms({ stock: -1, points: -2 }));
    },
  },
  {
    what: 'a broken order is completed by a retry once its fault is removed',
    happens: brokenThenMended,
  },
];

async function turnedDown(
  shop: Shop,
  { pattern }: Conforming,
  items: Record<string, number>,
  reason: string,
  customer = 'anna',
): Promise<void> {
  const orderId = await shop.order(items, customer);
  expect(await shop.place(orderId, pattern, customer)).toEqual(cancelled(reason));
  expect(await stateOf(shop.world, orderId)).toMatchObject({ decision: 'CANCEL' });
  expect(await shop.moved(orderId)).toEqual(nothing);
  expect(await shop.available('rare')).toBe(3);
}

async function cancelledWhilePlacing(shop: Shop, { pattern, steps }: Conforming): Promise<void> {
  const gate = new Gate();
  const paused = steps.at(-1);
  if (!paused) throw new Error(`${pattern} has no step that could be paused`);
  shop.world.faults[paused] = async (run) => {
    await gate.pass();
    return run();
  };
  const orderId = await shop.order({ apple: 1, pear: 1 });
  const placing = shop.place(orderId, pattern);
  await gate.reached;
  const cancelling = shop.cancel(orderId);
  // The decision is written before anything continues.
  await until('the order is to CANCEL', async () => {
    return (await stateOf(shop.world, orderId)).decision === 'CANCEL';
  });
  gate.open();
  expect(await cancelling).toEqual(cancelled('cancelled-by-customer'));
  expect(await placing).toEqual(cancelled('cancelled-by-customer'));
  expect(await shop.moved(orderId)).toEqual(nothing);
}

async function scarce(shop: Shop, { pattern }: Conforming): Promise<void> {
  const orders: string[] = [];
  for (let i = 0; i < 6; i += 1) orders.push(await shop.order({ rare: 1 }));
  const ends = await Promise.all(orders.map((orderId) => shop.place(orderId, pattern)));
  const sold = ends.filter(({ status }) => status === 'COMPLETED');
  const short = ends.filter(({ reason }) => reason === 'insufficient-stock');
  expect([sold.length, short.length]).toEqual([3, 3]);
  expect(await shop.available('rare')).toBe(0);
}

/**
 * Far longer than one attempt of a step in the shop: a busy server notices a timeout late, and
 * until then accepts the answer.
 */
const lateMs = 4_000;

async function late(shop: Shop, { pattern, steps }: Conforming): Promise<void> {
  const askedAgain = steps.map((step) => {
    const again = new Gate();
    let asked = 0;
    shop.world.faults[step] = async (run) => {
      const outcome = await run();
      asked += 1;
      // After the retry the first answer is certainly too late.
      if (asked === 1) await Promise.race([again.reached, sleep(lateMs)]);
      else void again.pass();
      return outcome;
    };
    return again.reached;
  });
  const orderId = await shop.order({ apple: 1 });
  expect(await shop.place(orderId, pattern)).toEqual(completed);
  // The API may read the end in the order's row before the workflow learns of it.
  await Promise.all(askedAgain);
  expect(await shop.moved(orderId)).toEqual(movedWithTerms({ stock: -1, points: -2 }));
}

async function drivenTwice(shop: Shop, { pattern, steps }: Conforming): Promise<void> {
  const together = new Gate();
  const step = steps.at(-1);
  if (!step) throw new Error(`${pattern} has no step that both could make`);
  let asked = 0;
  shop.world.faults[step] = (run) => {
    asked += 1;
    if (asked > 1) together.open();
    return together.pass().then(run);
  };
  const orderId = await shop.order({ apple: 1 });
  const placing = shop.place(orderId, pattern);
  await together.reached;
  const result = await shop.driveToo(orderId, pattern);
  expect(result).toEqual({ completed: 1, cancelled: 0, pending: 0 });
  expect(await placing).toEqual(completed);
  expect(asked).toBeGreaterThan(1);
  expect(await shop.moved(orderId)).toEqual(movedWithTerms({ stock: -1, points: -2 }));
}

async function brokenThenMended(shop: Shop, { pattern }: Conforming): Promise<void> {
  const { order: orders, product } = shop.world.databases;
  const alerts = () => orders('alerts').whereNull('resolved_at').pluck<string[]>('order_id');
  const orderId = await shop.order({ apple: 1, pear: 1 });
  const [pear] = await product('products').where('product_id', 'pear');
  await product('products').where('product_id', 'pear').delete();
  await shop.placeBroken(orderId, pattern);
  expect(await stateOf(shop.world, orderId)).toMatchObject({ decision: null });
  expect(await alerts()).toEqual([orderId]);

  await product('products').insert(pear ?? {});
  await shop.tryAgain(orderId, pattern);
  expect(await shop.ended(orderId)).toEqual(completed);
  expect(await alerts()).toEqual([]);
  expect(await shop.moved(orderId)).toEqual(movedWithTerms({ stock: -2, points: -5 }));
}
