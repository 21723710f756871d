import { createOrderIntake } from '../../activities/order/intake';
import { claim, createOrder, Gate, netEffect, startSaga, stateOf, until } from '../support/orders';
import { useWorld } from '../support/use-world';
import {
  cancelAfterCompletionIsRefused,
  cancelBeforeCompletionWins,
  concurrentClaimsHaveOneWinner,
  nothingIsCompensatedBeforeCancelIsRead,
} from './promises';

const world = useWorld({
  stock: { apple: { available: 1_000 }, rare: { available: 1 } },
  points: { anna: 10_000 },
});

describe('one owner', () => {
  it('lets one of many concurrent claims win', async () => {
    await concurrentClaimsHaveOneWinner(world, createOrderIntake(world.databases.order));
  });

  it('answers a repeated claim of the same owner as claimed', async () => {
    const order = await createOrder(world);
    const intake = createOrderIntake(world.databases.order);
    for (let i = 0; i < 2; i += 1) {
      const { claimed } = await intake.claimOrders([order.orderId], 'place-me', 'saga');
      expect(claimed).toEqual([order]);
    }
  });

  it('keeps the recorded pattern and owner if a caller places the order again', async () => {
    const order = await createOrder(world);
    const owner = await claim(world, [order]);
    const intake = createOrderIntake(world.databases.order);
    expect(await intake.claimOrders([order.orderId], 'place-other', 'tcc')).toMatchObject({
      claimed: [],
    });
    expect(await stateOf(world, order.orderId)).toMatchObject({ owner, status: 'PLACING' });
  });
});

describe('one decision', () => {
  it('a cancel before the completion wins, and everything is given back', async () => {
    await cancelBeforeCompletionWins(world);
  });

  it('a cancel after the completion is refused', async () => {
    await cancelAfterCompletionIsRefused(world);
  });

  it('nothing is compensated before CANCEL has been read back', async () => {
    await nothingIsCompensatedBeforeCancelIsRead(world);
  });

  it('a cancel ends an order that was never placed at once', async () => {
    const order = await createOrder(world);
    const intake = createOrderIntake(world.databases.order);
    expect(await intake.cancelOrder(order.orderId)).toBe('cancelled');
    expect(await stateOf(world, order.orderId)).toMatchObject({
      status: 'CANCELLED',
      reason: 'cancelled-by-customer',
    });
  });

  it('a Temporal cancel writes CANCEL for undecided orders, and compensates them', async () => {
    const order = await createOrder(world);
    const points = new Gate();
    world.faults.usePoints = async (run) => {
      await points.pass();
      return run();
    };
    const handle = await startSaga(world, [order]);
    await points.reached;
    await handle.cancel();
    await expect(handle.result()).resolves.toEqual({ completed: 0, cancelled: 1, pending: 0 });
    points.open();
    expect(await stateOf(world, order.orderId)).toMatchObject({
      status: 'CANCELLED',
      reason: 'cancelled-by-operator',
    });
    expect(await netEffect(world, order.orderId)).toEqual({ stock: 0, points: 0 });
  });

  it('a Temporal cancel in the same task as the last action’s success cancels too', async () => {
    const order = await createOrder(world);
    const gates = { stock: new Gate(), points: new Gate() };
    world.faults.deductStock = async (run) => {
      await gates.stock.pass();
      return run();
    };
    world.faults.usePoints = async (run) => {
      await gates.points.pass();
      return run();
    };
    const handle = await startSaga(world, [order]);
    await Promise.all([gates.stock.reached, gates.points.reached]);
    await world.stopWorker('workflow');
    gates.stock.open();
    gates.points.open();
    await until('both are taken', async () => {
      const { stock, points } = await netEffect(world, order.orderId);
      return stock === -1 && points === -1;
    });
    await handle.cancel();
    await world.startWorker('workflow');
    await expect(handle.result()).resolves.toEqual({ completed: 0, cancelled: 1, pending: 0 });
    expect(await stateOf(world, order.orderId)).toMatchObject({ reason: 'cancelled-by-operator' });
    expect(await netEffect(world, order.orderId)).toEqual({ stock: 0, points: 0 });
  });
});
