import type { WorkflowHandle } from '@temporalio/client';
import { taskQueues, workflowTypes } from '../../contracts/names';
import { patterns } from '../../contracts/order';
import type { DrainInput } from '../../contracts/workflows';
import { claim, createOrder, stateOf, until } from '../support/orders';
import { recoverOnce } from '../support/recovery';
import { hurriedTiming, nothingIsOld, type World } from '../support/world';
import { choreographyScenarios } from './choreography-scenarios';
import { lockScenarios } from './lock-scenarios';
import { startLosableWorker } from './losable-worker';
import type { Outcome } from './outcomes';
import { reservationScenarios } from './reservation-scenarios';
import { resolutionScenarios } from './resolution-scenarios';
import {
  abandoned,
  adopted,
  away,
  brokenAndCancelled,
  cancelledAt,
  cancelledByCustomer,
  cancelOrder,
  endedAs,
  everyAge,
  failAtLength,
  heldUpInBatch,
  impatient,
  inParts,
  local,
  placing,
  ran,
  startAdoption,
  stoppedAt,
  tooDear,
  type Scenario,
} from './support';
import { tccScenarios } from './tcc-scenarios';
import { xaScenarios } from './xa-scenarios';

const ended = placing('saga');
const aDrain: DrainInput = { timing: hurriedTiming, limit: 5 };

/** Every scenario; a declared outcome without one does not compile. */
export const scenarios: Record<Outcome, Scenario> = {
  completed: (world) => ended(world, [{}], [1, 0, 0]),
  'rejected-stock': (world) => ended(world, [{ lines: { rare: 2 } }], [0, 1, 0]),
  'rejected-points': (world) => ended(world, [tooDear], [0, 1, 0]),
  'rejected-both': (world) => {
    return ended(world, [{ customerId: 'poor', lines: { rare: 4 } }], [0, 1, 0]);
  },
  'cancelled-by-customer': (world) => cancelledByCustomer(world, 'saga'),
  'cancelled-by-operator': (world) => cancelledAt(world, 'saga', 'usePoints'),
  unavailable: (world) => {
    world.faults.deductStock = away;
    return ended(world, [{}], [0, 1, 0], impatient);
  },
  'unavailable-at-length': (world) => {
    world.faults.deductStock = away;
    return ended(world, [{}], [0, 1, 0], inParts);
  },
  'answered-at-length': (world) => {
    failAtLength(world, 'deductStock');
    return ended(world, [{}], [1, 0, 0], inParts);
  },
  'broken-step': (world) => ended(world, [{ lines: { ghost: 1 } }], [0, 0, 1]),
  'broken-and-cancelled': (world) => brokenAndCancelled(world, 'saga', 'deductStock'),
  'compensation-broken': (world) => {
    world.faults.restoreStock = () =>
      Promise.resolve([{ kind: 'broken', code: 'content-mismatch' }]);
    return ended(world, [tooDear], [0, 0, 1]);
  },
  'compensation-failing': async (world) => {
    burnTheShelf(world);
    return ended(world, [tooDear], [0, 0, 1]);
  },
  'worker-lost-midway': async (world) => {
    await world.stopWorker('workflow');
    const lost = await startLosableWorker(world);
    const { handle, gate } = await stoppedAt(world, 'saga', 'usePoints');
    await lost.kill();
    gate.open();
    await world.startWorker('workflow');
    return endedAs(handle, [1, 0, 0]);
  },
  'not-searchable': async (world) => {
    const order = await createOrder(world);
    const handle = await world.client.workflow.start(workflowTypes.placeOrders, {
      workflowId: await claim(world, [order]),
      taskQueue: taskQueues.workflow,
      args: [{ orders: [order], timing: hurriedTiming }],
    });
    return endedAs(handle, [1, 0, 0]);
  },
  'mixed-batch': (world) => mixedBatch(world, hurriedTiming),
  'held-up-in-batch': (world) => heldUpInBatch(world, 'saga'),
  'local-completed': (world) => ended(world, [{}], [1, 0, 0], local),
  'local-unavailable': (world) => {
    world.faults.deductStock = away;
    return ended(world, [{}], [0, 1, 0], { ...local, actionMsMax: 1_000 });
  },
  'local-unavailable-at-length': (world) => {
    world.faults.deductStock = away;
    return ended(world, [{}], [0, 1, 0], { ...inParts, placement: 'local' });
  },
  'local-answered-at-length': (world) => {
    failAtLength(world, 'deductStock');
    return ended(world, [{}], [1, 0, 0], { ...inParts, placement: 'local' });
  },
  'local-cancelled-by-customer': (world) => cancelledByCustomer(world, 'saga', local),
  'local-cancelled-by-operator': (world) => cancelledAt(world, 'saga', 'usePoints', local),
  'local-compensation-failing': async (world) => {
    burnTheShelf(world);
    return ended(world, [tooDear], [0, 0, 1], local);
  },
  'local-mixed-batch': (world) => mixedBatch(world, local),
  'look-nothing': (world) => recoverOnce(world),
  'look-work': async (world) => {
    await oweACompensation(world);
    world.clearFaults();
    world.recovery.ages = { ...nothingIsOld.ages, sweepAfterMs: 0 };
    await world.databases.product('reservations').insert({
      order_id: 'unknown',
      product_id: 'apple',
      quantity: 1,
      reserved_at: new Date(0),
    });
    return recoverOnce(world);
  },
  'look-service-away': (world) => {
    world.recovery.timing = impatient;
    world.faults.findStockWork = away;
    return recoverOnce(world);
  },
  'drain-by-schedule': async (world) => {
    await oweACompensation(world);
    world.clearFaults();
    return drainNow(world, { madeGood: 1, failed: 0 });
  },
  'drain-failing': async (world) => {
    await oweACompensation(world);
    return drainNow(world, { madeGood: 0, failed: 1 });
  },
  'drain-cancelled': async (world) => {
    await oweACompensation(world);
    world.clearFaults();
    return abandoned(world, workflowTypes.drainCompensations, aDrain, 'restoreStock');
  },
  'drain-nothing': (world) => drainNow(world, { madeGood: 0, failed: 0 }),
  'adopt-orders': async (world) => {
    for (let i = 0; i < 2; i += 1) await claim(world, [await createOrder(world)]);
    return adopts(world, 2);
  },
  'adopt-nothing': (world) => adopts(world, 0),
  'adopt-each-pattern': (world) => adoptEachPattern(world),
  'adopt-cancelled': async (world) => {
    await claim(world, [await createOrder(world)]);
    return abandoned(world, workflowTypes.adoptOrders, everyAge, 'findOrphans');
  },
  'adopt-overtaken': async (world) => {
    await claim(world, [await createOrder(world)]);
    world.faults.adoptOrder = async (run) => {
      await world.databases.order('orders').update({ owner: 'somebody-faster' });
      return run();
    };
    return adopts(world, 0);
  },
  adopted: async (world) => {
    const order = await createOrder(world);
    await claim(world, [order]);
    return adopted(world, order, [1, 0, 0]);
  },
  'adopted-after-cancel': async (world) => {
    const { order, handle, gate } = await stoppedAt(world, 'saga', 'usePoints');
    await handle.terminate();
    gate.open();
    await cancelOrder(world, order);
    return adopted(world, order, [0, 1, 0]);
  },
  ...lockScenarios,
  ...xaScenarios,
  ...tccScenarios,
  ...reservationScenarios,
  ...resolutionScenarios,
  ...choreographyScenarios,
};

function mixedBatch(world: World, timing: typeof hurriedTiming): Promise<WorkflowHandle> {
  const refused = [{ lines: { rare: 2 } }, { customerId: 'poor', lines: { apple: 4 } }];
  return ended(world, [{}, ...refused, { lines: { ghost: 1 } }, {}], [2, 2, 1], timing);
}

function burnTheShelf(world: World): void {
  world.faults.restoreStock = () => Promise.reject(new Error('the shelf is on fire'));
}

async function oweACompensation(world: World): Promise<void> {
  burnTheShelf(world);
  await ended(world, [tooDear], [0, 0, 1]);
  await world.databases.order('compensations').update({ next_retry_at: new Date(0) });
}

function drainNow(
  world: World,
  result: { madeGood: number; failed: number },
): Promise<WorkflowHandle> {
  return ran(world, workflowTypes.drainCompensations, aDrain, result);
}

async function adopts(world: World, count: number): Promise<WorkflowHandle> {
  const handle = await startAdoption(world);
  expect(await handle.result()).toEqual({ adopted: count });
  return handle;
}

/** One page for each owner; each order is driven by its own pattern's workflow. */
async function adoptEachPattern(world: World): Promise<WorkflowHandle> {
  const orders = await Promise.all(patterns.map(() => createOrder(world)));
  for (const [i, order] of orders.entries()) await claim(world, [order], patterns[i]);
  await world.databases.order('outbox').update({ sent_at: new Date() });
  const handle = await startAdoption(world, { limit: 1 });
  expect(await handle.result()).toEqual({ adopted: patterns.length });
  for (const { orderId } of orders) {
    await until('it is completed', async () => {
      return (await stateOf(world, orderId)).status === 'COMPLETED';
    });
  }
  return handle;
}
