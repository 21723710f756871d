import type { WorkflowHandle } from '@temporalio/client';
import type { PlacedOrder } from '../../contracts/order';
import type { ResolutionAction, ResolutionOutcome } from '../../contracts/reservations';
import { createOrder, place, startOrders, until } from '../support/orders';
import type { World } from '../support/world';
import { unconfirmed } from '../tcc/pending';
import { alertsOf } from '../xa/branches';
import type { OperatorOutcome } from './outcomes';
import { confirmOvertaken, startResolution } from './resolving';
import { away, holdAt, impatient, tooDear, type Scenario } from './support';

/** As in scenarios.ts, for an operator's resolutions. */
export const resolutionScenarios: Record<OperatorOutcome, Scenario> = {
  'resolve-not-pending': async (world) => {
    return resolved(world, await createOrder(world), 'retry', 'not-pending');
  },
  'resolve-retry': async (world) => {
    const order = await undecided(world);
    await world.databases.stock({ ghost: { available: 5 } });
    return resolved(world, order, 'retry', 'completed');
  },
  'resolve-retry-in-vain': async (world) => {
    return resolved(world, await undecided(world), 'retry', 'pending');
  },
  'resolve-retry-in-doubt': (world) => retriedInDoubt(world),
  'resolve-confirm': async (world) => {
    return resolved(world, await unconfirmed(world, 'confirmStock'), 'confirm', 'completed');
  },
  'resolve-confirm-overtaken': confirmOvertaken,
  'resolve-confirm-unsafe': async (world) => {
    return resolved(world, await undecided(world), 'confirm', 'unsafe');
  },
  'resolve-cancel': async (world) => {
    return resolved(world, await unfinished(world), 'cancel', 'cancelled');
  },
  'resolve-cancel-undecided': async (world) => {
    return resolved(world, await undecided(world), 'cancel', 'cancelled');
  },
  'resolve-cancel-decided': async (world) => {
    const order = await createOrder(world, tooDear);
    world.faults.cancelStock = away;
    expect(await place(world, [order], 'tcc')).toMatchObject({ pending: 1 });
    world.clearFaults();
    return resolved(world, order, 'cancel', 'cancelled');
  },
  'resolve-cancel-too-late': async (world) => {
    const order = await undecided(world);
    world.faults.decideOrders = async (run) => {
      await world.databases.order('orders').update({ decision: 'COMPLETE' });
      return run();
    };
    return resolved(world, order, 'cancel', 'unsafe');
  },
  'resolve-cancel-refused': async (world) => {
    return resolved(world, await unconfirmed(world, 'confirmPoints'), 'cancel', 'unsafe');
  },
  'resolve-cancel-not-frozen': async (world) => {
    const order = await unfinished(world);
    world.faults.freezePoints = away;
    return answered(await startResolution(world, order, 'cancel', impatient), 'unsafe');
  },
  'resolve-cancel-overtaken': async (world) => {
    const order = await unfinished(world);
    world.faults.overturnDecision = async (run) => {
      await world.databases.order('orders').update({ owner: 'somebody-newer' });
      return run();
    };
    return resolved(world, order, 'cancel', 'unsafe');
  },
  'resolve-stopped-freezing': async (world) => {
    const order = await unfinished(world);
    const gate = holdAt(world, 'freezePoints');
    const handle = await startResolution(world, order, 'cancel');
    await gate.reached;
    await handle.cancel();
    gate.open();
    return answered(handle, 'pending');
  },
  'resolve-stopped-driving': async (world) => {
    const order = await undecided(world);
    await world.databases.stock({ ghost: { available: 5 } });
    const gate = holdAt(world, 'tryPoints');
    const handle = await startResolution(world, order, 'retry');
    await gate.reached;
    await handle.cancel();
    await answered(handle, 'cancelled');
    gate.open();
    return handle;
  },
};

async function resolved(
  world: World,
  order: PlacedOrder,
  action: ResolutionAction,
  outcome: ResolutionOutcome,
): Promise<WorkflowHandle> {
  return answered(await startResolution(world, order, action), outcome);
}

async function answered(
  handle: WorkflowHandle,
  outcome: ResolutionOutcome,
): Promise<WorkflowHandle> {
  expect(await handle.result()).toEqual({ outcome });
  return handle;
}

/** PENDING and decided COMPLETE, with nothing confirmed yet. */
function unfinished(world: World): Promise<PlacedOrder> {
  return unconfirmed(world, 'confirmStock', 'confirmPoints');
}

/** PENDING with a broken step. */
async function undecided(world: World): Promise<PlacedOrder> {
  const order = await createOrder(world, { lines: { ghost: 1 } });
  expect(await place(world, [order], 'tcc')).toMatchObject({ pending: 1 });
  return order;
}

/** An order with a branch that could not be committed, whose workflow is lost. */
async function retriedInDoubt(world: World): Promise<WorkflowHandle> {
  const order = await createOrder(world);
  world.faults.commitPoints = away;
  const lost = await startOrders(world, 'xa', [order]);
  await until('an alert is raised', async () => {
    return (await alertsOf(world, order.orderId)).includes('branch-in-doubt');
  });
  await lost.terminate();
  world.clearFaults();
  return resolved(world, order, 'retry', 'completed');
}
