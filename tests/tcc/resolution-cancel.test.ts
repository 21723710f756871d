import { workflowTypes } from '../../contracts/names';
import type { ResolutionAction } from '../../contracts/reservations';
import type { Faults } from '../support/faults';
import { createOrder, Gate, place, startRun, stateOf, until } from '../support/orders';
import { useWorld } from '../support/use-world';
import { entry, trail, unconfirmed } from './pending';
import { expectClean } from './reservations';
import { adopt, resolutionOf } from './schedule-runs';

/** An operator's resolution whose workflow is cancelled in Temporal. */

const world = useWorld({ stock: { apple: { available: 1_000 } }, points: { anna: 10_000 } });

/** Cancels it when it reaches this step. */
async function cancelledAt(step: keyof Faults, orderId: string, action: ResolutionAction) {
  const gate = new Gate();
  world.faults[step] = async (run) => {
    await gate.pass();
    return run();
  };
  const input = resolutionOf(orderId, action);
  const handle = await startRun(world, workflowTypes.resolveOrder, input);
  await gate.reached;
  await handle.cancel();
  return { handle, gate };
}

it.each(['openResolution', 'freezePoints', 'overturnDecision'] as const)(
  'a resolution cancelled at %s is recorded, and loses nothing',
  async (step) => {
    const order = await unconfirmed(world, 'confirmStock', 'confirmPoints');
    const { handle, gate } = await cancelledAt(step, order.orderId, 'cancel');
    gate.open();
    expect(await handle.result()).toEqual({ outcome: 'pending' });
    expect(await trail(world, order.orderId)).toEqual([entry('cancel', 'pending')]);
    expect(await adopt(world)).toEqual({ adopted: 1 });
    await until('it is cancelled', async () => {
      return (await stateOf(world, order.orderId)).status === 'CANCELLED';
    });
    await expectClean(world);
  },
);

it('a resolution cancelled while it drives the order cancels the order, and is recorded', async () => {
  const order = await createOrder(world, { lines: { ghost: 1 } });
  expect(await place(world, [order], 'tcc')).toMatchObject({ pending: 1 });
  await world.databases.stock({ ghost: { available: 5 } });
  const { handle, gate } = await cancelledAt('tryPoints', order.orderId, 'retry');
  expect(await handle.result()).toEqual({ outcome: 'cancelled' });
  gate.open();
  expect(await trail(world, order.orderId)).toEqual([entry('retry', 'cancelled')]);
  await expectClean(world);
});
