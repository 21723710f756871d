import { createOrderIntake, type OrderIntake } from '../../activities/order/intake';
import { createOrder, netEffect, place, startSaga, stateOf } from '../support/orders';
import type { World } from '../support/world';

/**
 * The promise "one owner, one decision" as checks. The tests run them on the real code. The
 * mutants' tests run them on code that is broken on purpose, where each must fail.
 */

const claimers = 8;

/** If many owners claim the same order at once, exactly one gets it, and the row names it. */
export async function concurrentClaimsHaveOneWinner(
  world: World,
  intake: OrderIntake,
): Promise<void> {
  const order = await createOrder(world);
  const owners = Array.from({ length: claimers }, (_, i) => `place-${i}`);
  const claims = await Promise.all(
    owners.map((owner) => intake.claimOrders([order.orderId], owner, 'saga')),
  );
  const winners = owners.filter((_, i) => claims[i]?.claimed.length === 1);
  expect(winners).toHaveLength(1);
  expect(await stateOf(world, order.orderId)).toMatchObject({ owner: winners[0] });
}

/** The customer's cancel arrives after both effects and just before the decision. */
export async function cancelBeforeCompletionWins(world: World): Promise<void> {
  const order = await createOrder(world);
  const intake = createOrderIntake(world.databases.order);
  let cancelled = 0;
  world.faults.decideOrders = async (run) => {
    expect(await netEffect(world, order.orderId)).toEqual({ stock: -1, points: -1 });
    expect(await intake.cancelOrder(order.orderId)).toBe('cancelling');
    cancelled += 1;
    return run();
  };
  expect(await place(world, [order])).toEqual({ completed: 0, cancelled: 1, pending: 0 });
  expect(cancelled).toBe(1);
  expect(await stateOf(world, order.orderId)).toMatchObject({
    status: 'CANCELLED',
    decision: 'CANCEL',
    reason: 'cancelled-by-customer',
  });
  expect(await netEffect(world, order.orderId)).toEqual({ stock: 0, points: 0 });
}

/** The decision is written, its reply is lost, and only then the customer cancels. */
export async function cancelAfterCompletionIsRefused(world: World): Promise<void> {
  const order = await createOrder(world);
  const intake = createOrderIntake(world.databases.order);
  let attempts = 0;
  world.faults.decideOrders = async (run) => {
    const decisions = await run();
    attempts += 1;
    if (attempts > 1) return decisions;
    expect(await intake.cancelOrder(order.orderId)).toBe('completed');
    throw new Error('the reply is lost');
  };
  expect(await place(world, [order])).toEqual({ completed: 1, cancelled: 0, pending: 0 });
  expect(attempts).toBe(2);
  expect(await stateOf(world, order.orderId)).toMatchObject({ status: 'COMPLETED', reason: null });
  expect(await netEffect(world, order.orderId)).toEqual({ stock: -1, points: -1 });
}

/** When a compensation begins, the row must already contain CANCEL. */
export async function nothingIsCompensatedBeforeCancelIsRead(world: World): Promise<void> {
  // No points: the order turns out to be impossible after the stock was taken.
  const order = await createOrder(world, { lines: { apple: 3 }, unitPrice: 100_000 });
  const seen: (string | null)[] = [];
  world.faults.restoreStock = async (run) => {
    seen.push((await stateOf(world, order.orderId)).decision);
    return run();
  };
  await (await startSaga(world, [order])).result();
  expect(seen).toEqual(['CANCEL']);
  expect(await netEffect(world, order.orderId)).toEqual({ stock: 0, points: 0 });
}
