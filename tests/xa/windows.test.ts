import { createOrder, netEffect, startOrders, stateOf, until, type Gate } from '../support/orders';
import { expectAtRest } from '../support/audited';
import type { Faults } from '../support/faults';
import { useWorld } from '../support/use-world';
import { adopt, dies, notesOf, preparedIn, rollBackAll, scan } from './branches';

/** The coordinator and its running steps are lost, in each window of the protocol. */

const world = useWorld({ stock: { apple: { available: 1_000 } }, points: { anna: 1_000 } });
let dead: Gate | undefined;

afterEach(async () => {
  world.clearFaults();
  dead?.open();
  await rollBackAll(world);
});

interface Window {
  window: string;
  step: keyof Faults;
  when: 'before' | 'after';
  prepared: string[];
  decision: 'COMPLETE' | null;
}

const windows: Window[] = [
  {
    window: 'after the first prepare',
    step: 'prepareStock',
    when: 'after',
    prepared: ['product'],
    decision: null,
  },
  {
    window: 'after all prepares, before the decision',
    step: 'decideOrders',
    when: 'before',
    prepared: ['product', 'point'],
    decision: null,
  },
  {
    window: 'after the decision, before the first commit',
    step: 'decideOrders',
    when: 'after',
    prepared: ['product', 'point'],
    decision: 'COMPLETE',
  },
  {
    window: 'between the commits',
    step: 'commitPoints',
    when: 'before',
    prepared: ['point'],
    decision: 'COMPLETE',
  },
  {
    window: 'after the last commit, before its reply',
    step: 'commitPoints',
    when: 'after',
    prepared: [],
    decision: 'COMPLETE',
  },
  {
    window: 'after the commits, before the order is ended',
    step: 'completeOrders',
    when: 'before',
    prepared: [],
    decision: 'COMPLETE',
  },
];

/** Kills in the window, checks that it was hit, and returns the order, which no workflow drives. */
async function killIn({ window, step, when, prepared, decision }: Window): Promise<string> {
  const { orderId, ...order } = await createOrder(world, { lines: { apple: 2 }, unitPrice: 3 });
  dead = dies(world, step, when);
  const handle = await startOrders(world, 'xa', [{ orderId, ...order }]);
  await dead.reached;
  await until(`the branches are as ${window}`, async () => {
    return JSON.stringify(await preparedIn(world)) === JSON.stringify(prepared);
  });
  expect(await stateOf(world, orderId)).toMatchObject({ status: 'PLACING', decision });
  await handle.terminate('the process is dead');
  world.clearFaults();
  return orderId;
}

async function ends(orderId: string, status: string): Promise<void> {
  await until(`it is ${status}`, async () => (await stateOf(world, orderId)).status === status);
  expect(await preparedIn(world)).toEqual([]);
}

const committed = { product: 'committed', point: 'committed' };

it.each(windows)('killed $window, and adopted: completed once', async (window) => {
  const orderId = await killIn(window);
  expect(await adopt(world)).toEqual({ adopted: 1 });
  await ends(orderId, 'COMPLETED');
  expect(await netEffect(world, orderId)).toEqual({ stock: -2, points: -6 });
  expect(await notesOf(world, orderId)).toEqual(committed);
  await expectAtRest(world);
});

it.each(windows)('killed $window, and scanned: its branches are ended', async (window) => {
  const orderId = await killIn(window);
  const { failed, heuristic } = await scan(world);
  expect({ failed, heuristic }).toEqual({ failed: 0, heuristic: 0 });
  expect(await preparedIn(world)).toEqual([]);
  const isComplete = window.decision === 'COMPLETE';
  expect(await stateOf(world, orderId)).toMatchObject({
    status: 'PLACING',
    decision: isComplete ? 'COMPLETE' : 'CANCEL',
  });
  // The scanner frees the rows; adoption ends the order.
  expect(await adopt(world)).toEqual({ adopted: 1 });
  await ends(orderId, isComplete ? 'COMPLETED' : 'CANCELLED');
  const effect = isComplete ? { stock: -2, points: -6 } : { stock: 0, points: 0 };
  expect(await netEffect(world, orderId)).toEqual(effect);
  await expectAtRest(world);
});
