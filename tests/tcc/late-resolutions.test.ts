import type { WorkflowHandle } from '@temporalio/client';
import { createOrderActivities } from '../../activities/order/activities';
import { workflowTypes } from '../../contracts/names';
import type { OrderActivities } from '../../contracts/steps';
import { createOrder, Gate, netEffect, place, startRun, stateOf, until } from '../support/orders';
import { createWorld, type World } from '../support/world';
import { entry, trail, unconfirmed } from './pending';
import { statesOf } from './reservations';
import { adopt, resolutionOf, resolve } from './schedule-runs';

/** A resolution that has ended may change nothing, and leaves everything to others. */

let world: World;
let orders: OrderActivities;

beforeAll(async () => {
  world = await createWorld();
  orders = createOrderActivities({
    knex: world.databases.order,
    askOwners: (owners) => Promise.resolve(new Set(owners)),
  });
});

afterAll(() => world.stop());

beforeEach(async () => {
  world.clearFaults();
  await world.databases.empty();
  await world.databases.stock({ apple: { available: 1_000 } });
  await world.databases.points({ anna: 10_000 });
});

const request = (orderId: string, action: 'cancel' | 'retry') => {
  return { orderId, action, reason: 'the customer called', operator: 'olga' };
};

it('a resolution that is opened again answers the same', async () => {
  const { orderId } = await unconfirmed(world, 'confirmStock');
  const first = await orders.openResolution(request(orderId, 'cancel'), 'R1');
  expect(first).toMatchObject({ order: { orderId, decision: 'COMPLETE', pattern: 'tcc' } });
  expect(await orders.openResolution(request(orderId, 'cancel'), 'R1')).toEqual(first);
});

it('a resolution of an order that was never placed finds nothing, and is recorded', async () => {
  const { orderId } = await createOrder(world);
  expect(await orders.openResolution(request(orderId, 'retry'), 'R1')).toBeNull();
  expect(await trail(world, orderId)).toEqual([entry('retry', 'not-pending')]);
});

it('a late attempt to open a resolution does not take the order from a newer one', async () => {
  const { orderId } = await unconfirmed(world, 'confirmStock');
  const first = await orders.openResolution(request(orderId, 'cancel'), 'R1');
  await orders.openResolution(request(orderId, 'retry'), 'R2');
  // The newer one has recorded that it has ended.
  expect(first).not.toBeNull();
  expect(await orders.openResolution(request(orderId, 'cancel'), 'R1')).toBeNull();
  expect(await trail(world, orderId)).toEqual([entry('cancel', 'pending'), entry('retry', null)]);
  expect(await stateOf(world, orderId)).toMatchObject({ owner: 'R2' });
  expect(await orders.overturnDecision(orderId, 'R1')).toBe(false);
  await orders.closeResolution('R1', 'unsafe');
  expect(await orders.openResolution(request(orderId, 'cancel'), 'R1')).toBeNull();
  expect(await orders.overturnDecision(orderId, 'R1')).toBe(false);
  expect(await stateOf(world, orderId)).toMatchObject({ owner: 'R2', decision: 'COMPLETE' });
});

it('a resolution that gets the order back cannot cancel what a newer one has thawed', async () => {
  const { orderId } = await unconfirmed(world, 'confirmStock');
  await orders.openResolution(request(orderId, 'cancel'), 'R1');
  await orders.openResolution(request(orderId, 'cancel'), 'R2');
  expect(await orders.closeResolution('R2', 'unsafe')).toBe('unsafe');
  expect(await stateOf(world, orderId)).toMatchObject({ owner: 'R1' });
  expect(await orders.overturnDecision(orderId, 'R1')).toBe(false);
});

it('a late attempt to overturn finds its resolution ended', async () => {
  const { orderId } = await unconfirmed(world, 'confirmStock');
  await orders.openResolution(request(orderId, 'cancel'), 'R1');
  await orders.closeResolution('R1', 'unsafe');
  await world.databases.order('orders').update({ owner: 'R1' });
  expect(await orders.overturnDecision(orderId, 'R1')).toBe(false);
  expect(await stateOf(world, orderId)).toMatchObject({ owner: 'R1', decision: 'COMPLETE' });
});

it('a resolution whose overturn’s answer was lost recognises it after another resolution', async () => {
  const { orderId } = await unconfirmed(world, 'confirmStock');
  await orders.openResolution(request(orderId, 'cancel'), 'R1');
  expect(await orders.overturnDecision(orderId, 'R1')).toBe(true);
  await orders.openResolution(request(orderId, 'retry'), 'R2');
  expect(await orders.overturnDecision(orderId, 'R1')).toBe(true);
});

it('a resolution whose overturn’s answer was lost cancels, and does not thaw, beside a newer one', async () => {
  const { orderId } = await unconfirmed(world, 'confirmStock', 'confirmPoints');
  const cancels = new Gate();
  world.faults.cancelStock = async (run) => {
    await cancels.pass();
    return run();
  };
  let newer: WorkflowHandle | undefined;
  world.faults.overturnDecision = async (run) => {
    await run();
    delete world.faults.overturnDecision;
    const input = resolutionOf(orderId, 'retry');
    newer = await startRun(world, workflowTypes.resolveOrder, input);
    await cancels.reached;
    throw new Error('the reply is lost');
  };
  let thawed = 0;
  world.faults.thawStock = (run) => {
    thawed += 1;
    return run();
  };
  const first = resolve(world, orderId, 'cancel');
  await cancels.reached;
  await until('both drive it', async () => (await trail(world, orderId)).length === 2);
  cancels.open();
  expect(await first).toEqual({ outcome: 'cancelled' });
  expect(await newer?.result()).toEqual({ outcome: 'cancelled' });
  expect(thawed).toBe(0);
  expect(await stateOf(world, orderId)).toMatchObject({ status: 'CANCELLED' });
  expect(await netEffect(world, orderId)).toEqual({ stock: 0, points: 0 });
});

/** Decided COMPLETE by an operator's retry that was terminated between the two confirms. */
async function halfConfirmed(): Promise<{ orderId: string; retry: WorkflowHandle }> {
  const order = await createOrder(world, { lines: { apple: 3 } });
  const { orderId } = order;
  world.faults.tryPoints = () => Promise.resolve([{ kind: 'broken', code: 'guard-violated' }]);
  expect(await place(world, [order], 'tcc')).toEqual({ completed: 0, cancelled: 0, pending: 1 });
  world.clearFaults();
  const gate = new Gate();
  world.faults.confirmPoints = async () => {
    await gate.pass();
    throw new Error('its worker was killed');
  };
  const input = resolutionOf(orderId, 'retry');
  const retry = await startRun(world, workflowTypes.resolveOrder, input);
  await gate.reached;
  await until('its stock alone is confirmed', async () => {
    return (await statesOf(world, orderId)).join() === 'confirmed,reserved';
  });
  await retry.terminate('pressed');
  world.clearFaults();
  gate.open();
  return { orderId, retry };
}

async function expectAdopted(orderId: string): Promise<void> {
  expect(await adopt(world)).toEqual({ adopted: 1 });
  await until('it is completed', async () => {
    return (await stateOf(world, orderId)).status === 'COMPLETED';
  });
  expect(await netEffect(world, orderId)).toEqual({ stock: -3, points: -3 });
}

it('a refused cancel returns the order to its previous owner', async () => {
  const { orderId, retry } = await halfConfirmed();
  expect(await resolve(world, orderId, 'cancel')).toEqual({ outcome: 'unsafe' });
  expect(await stateOf(world, orderId)).toMatchObject({ owner: retry.workflowId });
  await expectAdopted(orderId);
});

it('two overlapping refused cancels do not leave the order to an ended owner', async () => {
  const { orderId } = await halfConfirmed();
  const gates = [new Gate(), new Gate()] as const;
  let freezes = 0;
  world.faults.freezeStock = async (run) => {
    freezes += 1;
    await gates[freezes === 1 ? 0 : 1].pass();
    return run();
  };
  const first = resolve(world, orderId, 'cancel');
  await gates[0].reached;
  const second = resolve(world, orderId, 'cancel');
  await gates[1].reached;
  gates[0].open();
  expect(await first).toEqual({ outcome: 'unsafe' });
  gates[1].open();
  expect(await second).toEqual({ outcome: 'unsafe' });
  await expectAdopted(orderId);
});

it('a retry that is cancelled before it drives the order leaves it to adoption', async () => {
  const { orderId } = await halfConfirmed();
  const gate = new Gate();
  world.faults.openResolution = async (run) => {
    await gate.pass();
    return run();
  };
  const input = resolutionOf(orderId, 'retry');
  const retry = await startRun(world, workflowTypes.resolveOrder, input);
  await gate.reached;
  await retry.cancel();
  gate.open();
  expect(await retry.result()).toEqual({ outcome: 'pending' });
  await expectAdopted(orderId);
});
