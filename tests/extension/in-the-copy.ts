import { workflowTypes } from '../../contracts/names';
import { byLabel, type Label, type ParticipantName } from '../../contracts/participants';
import type { AdoptInput } from '../../contracts/workflows';
import { offered, openShop, type Shop } from '../conformance/shop';
import { claim, ends, runOnce } from '../support/orders';
import { hurriedTiming } from '../support/world';

/**
 * The tests of the third participant, in every pattern. This tree has no coupon:
 * orders.long.test.ts runs them in a copy that has one.
 */
const coupon = 'coupon' as ParticipantName;
const coupons = 'coupons' as Label;
const spring = { coupon: 'SPRING' };

let shop: Shop;

beforeAll(async () => {
  shop = await openShop('separate');
});

afterAll(() => shop.close());

beforeEach(async () => {
  await shop.begin();
  await shop.world.databases.fill(coupon, {
    SPRING: { available: 2 },
    GONE: { available: 0 },
  });
});

const nothing = byLabel(() => 0);

async function expectClean(): Promise<void> {
  const { violations, atRest } = await shop.audit();
  expect({ violations, atRest }).toEqual({ violations: [], atRest: true });
}

describe.each(offered)('by %s', (pattern) => {
  it('a completed order uses its coupon once', async () => {
    const orderId = await shop.order({ apple: 2 }, 'anna', spring);
    expect(await shop.place(orderId, pattern)).toEqual({ status: 'COMPLETED', reason: null });
    expect(await shop.moved(orderId)).toEqual({ stock: -2, points: -4, [coupons]: -1 });
    await expectClean();
  });

  it('an order without a coupon uses none', async () => {
    const orderId = await shop.order({ apple: 2 }, 'anna', {});
    expect(await shop.place(orderId, pattern)).toEqual({ status: 'COMPLETED', reason: null });
    expect(await shop.moved(orderId)).toEqual({ ...nothing, stock: -2, points: -4 });
    await expectClean();
  });

  it('an order whose coupon is used up is cancelled and takes nothing', async () => {
    const orderId = await shop.order({ apple: 2 }, 'anna', { coupon: 'GONE' });
    const end = { status: 'CANCELLED', reason: 'coupon-used-up' };
    expect(await shop.place(orderId, pattern)).toEqual(end);
    expect(await shop.moved(orderId)).toEqual(nothing);
    await expectClean();
  });

  it('an order without enough points is cancelled, and its coupon can be used again', async () => {
    const orderId = await shop.order({ apple: 2 }, 'poor', spring);
    const end = { status: 'CANCELLED', reason: 'insufficient-points' };
    expect(await shop.place(orderId, pattern, 'poor')).toEqual(end);
    expect(await shop.moved(orderId)).toEqual(nothing);
    await expectClean();
  });

  it('an order that is cancelled before it is placed never uses its coupon', async () => {
    const orderId = await shop.order({ apple: 2 }, 'anna', spring);
    expect(await shop.cancel(orderId)).toMatchObject({ status: 'CANCELLED' });
    expect(await shop.moved(orderId)).toEqual(nothing);
    await expectClean();
  });
});

it('an order whose workflow never began is adopted with its coupon', async () => {
  const orderId = await shop.order({ apple: 2 }, 'anna', spring);
  await claim(shop.world, [{ orderId }]);
  const input: AdoptInput = { timing: hurriedTiming, olderThanMs: 0, limit: 10 };
  await runOnce(shop.world, workflowTypes.adoptOrders, input);
  await ends(shop.world, { orderId }, 'COMPLETED');
  expect(await shop.moved(orderId)).toEqual({ stock: -2, points: -4, [coupons]: -1 });
  await expectClean();
});

it('the auditor finds a coupon’s use that is missing in its ledger', async () => {
  const orderId = await shop.order({ apple: 2 }, 'anna', spring);
  await shop.place(orderId, 'saga');
  await expectClean();
  await shop.world.databases[coupon]('coupon_ledger').where('order_id', orderId).delete();
  const { violations } = await shop.audit();
  const rules = violations.filter((one) => one.orderId === orderId).map(({ rule }) => rule);
  expect(rules).toContain('coupons-taken-once');
});
