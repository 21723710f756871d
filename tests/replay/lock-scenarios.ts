import type { WorkflowHandle } from '@temporalio/client';
import { createOrderIntake } from '../../activities/order/intake';
import { workflowTypes } from '../../contracts/names';
import type { PlaceOrdersResult } from '../../contracts/workflows';
import { claim, createOrder, Gate, startOrders, startRun, stateOf, until } from '../support/orders';
import type { OrderSketch } from '../support/orders';
import { hurriedTiming, type World } from '../support/world';
import type { LockOutcome } from './outcomes';

type Scenario = (world: World) => Promise<WorkflowHandle>;

const completed = { completed: 1, cancelled: 0, pending: 0 };
const cancelled = { completed: 0, cancelled: 1, pending: 0 };

/** As in scenarios.ts, for the baseline. */
export const lockScenarios: Record<LockOutcome, Scenario> = {
  'lock-completed': (world) => ended(world, [{}], completed),
  'lock-rejected': (world) => ended(world, [{ lines: { rare: 2 } }], cancelled),
  'lock-broken-step': (world) => {
    return ended(world, [{ lines: { ghost: 1 } }], { completed: 0, cancelled: 0, pending: 1 });
  },
  'lock-unavailable': (world) => {
    world.faults.placeInOneTransaction = () => Promise.reject(new Error('away'));
    const timing = { ...hurriedTiming, attemptMsMax: 500, actionMsMax: 1_000 };
    return ended(world, [{}], cancelled, timing);
  },
  'lock-cancelled-by-operator': async (world) => {
    const gate = new Gate();
    world.faults.placeInOneTransaction = async (run) => {
      await gate.pass();
      return run();
    };
    const handle = await startOrders(world, 'lock', [await createOrder(world)]);
    await gate.reached;
    await handle.cancel();
    expect(await handle.result()).toEqual(cancelled);
    gate.open();
    return handle;
  },
  'lock-held-up-in-batch': async (world) => {
    const held = await createOrder(world, { lines: { pear: 1 } });
    const free = await createOrder(world, { customerId: 'poor' });
    const holder = await world.databases.product.transaction();
    await holder('products').where('product_id', 'pear').forUpdate();
    const handle = await startOrders(world, 'lock', [held, free]);
    await until('the free one is completed', async () => {
      return (await stateOf(world, free.orderId)).status === 'COMPLETED';
    });
    await holder.rollback();
    expect(await handle.result()).toEqual({ completed: 2, cancelled: 0, pending: 0 });
    return handle;
  },
  'lock-local-completed': (world) => {
    return ended(world, [{}], completed, { ...hurriedTiming, placement: 'local' });
  },
  'lock-adopted-after-cancel': async (world) => {
    const order = await createOrder(world);
    await claim(world, [order], 'lock');
    await createOrderIntake(world.databases.order).cancelOrder(order.orderId);
    const input = { timing: hurriedTiming, olderThanMs: 0, limit: 5 };
    await (await startRun(world, workflowTypes.adoptOrders, input)).result();
    const { owner } = await stateOf(world, order.orderId);
    if (!owner?.startsWith('adopt-')) throw new Error(`${order.orderId} was not adopted`);
    const handle = world.client.workflow.getHandle(owner);
    expect(await handle.result()).toEqual(cancelled);
    return handle;
  },
};

async function ended(
  world: World,
  sketches: OrderSketch[],
  end: PlaceOrdersResult,
  timing = hurriedTiming,
): Promise<WorkflowHandle> {
  const orders = [];
  for (const sketch of sketches) orders.push(await createOrder(world, sketch));
  const handle = await startOrders(world, 'lock', orders, timing);
  expect(await handle.result()).toEqual(end);
  return handle;
}
