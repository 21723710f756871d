import { byLabel } from '../../contracts/participants';
import type { PlaceOrdersResult } from '../../contracts/workflows';
import {
  cancelBesideAnswer,
  createOrder,
  Gate,
  netEffect,
  startOrders,
  stateOf,
} from '../support/orders';
import { useWorld } from '../support/use-world';

/**
 * An order with a broken step waits for an operator. If an operator has cancelled its workflow
 * already, it is decided CANCEL in every pattern. A choreographed order has no such workflow.
 */

const world = useWorld({ points: { anna: 1_000 } });

it.each([
  ['lock', 'placeInOneTransaction'],
  ['xa', 'prepareStock'],
  ['tcc', 'tryStock'],
  ['saga', 'deductStock'],
] as const)(
  '%s: a Temporal cancel means CANCEL for an order of which a step is broken (%s)',
  async (pattern, step) => {
    const order = await createOrder(world, { lines: { ghost: 1 } });
    const asked = new Gate();
    let answer: unknown;
    world.faults[step] = async (run) => {
      await asked.pass();
      answer = await run();
      return answer;
    };
    const handle = await startOrders(world, pattern, [order]);
    await asked.reached;
    await cancelBesideAnswer(world, handle, asked);
    const result: PlaceOrdersResult = await handle.result();
    expect(answer).toMatchObject([{ kind: 'broken', code: 'unknown-product' }]);
    expect(result).toEqual({ completed: 0, cancelled: 1, pending: 0 });
    expect(await stateOf(world, order.orderId)).toMatchObject({
      status: 'CANCELLED',
      reason: 'cancelled-by-operator',
    });
    expect(await netEffect(world, order.orderId)).toEqual(byLabel(() => 0));
    expect(await world.databases.order('alerts').where('order_id', order.orderId)).toEqual([]);
  },
);
