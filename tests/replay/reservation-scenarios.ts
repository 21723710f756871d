import type { WorkflowHandle } from '@temporalio/client';
import { workflowTypes } from '../../contracts/names';
import type { PlacedOrder } from '../../contracts/order';
import type { AgedInput, ForceResult, SweepResult } from '../../contracts/workflows';
import { Gate, startRun, until } from '../support/orders';
import { hurriedTiming, type World } from '../support/world';
import { unconfirmed } from '../tcc/pending';
import { resolve } from '../tcc/schedule-runs';
import type { ReservationOutcome } from './outcomes';
import { forgetReservation, overtaken } from './resolving';
import {
  abandoned,
  away,
  holdAt,
  impatient,
  patient,
  placing,
  ran,
  tooDear,
  type Scenario,
} from './support';

const { forceConfirmations, sweepReservations } = workflowTypes;
/** Two at a time, so that three are two pages. */
const aged: AgedInput = { timing: hurriedTiming, olderThanMs: 0, limit: 2 };

/** As in scenarios.ts, for the schedules of TCC. */
export const reservationScenarios: Record<ReservationOutcome, Scenario> = {
  'force-nothing': (world) => forced(world, { completed: 0, pending: 0 }),
  'force-completed': async (world) => {
    await leftOpen(world, [{}, {}, {}]);
    world.clearFaults();
    return forced(world, { completed: 3, pending: 0 });
  },
  'force-held-up': async (world) => {
    await leftOpen(world, [{}, { lines: { pear: 1 } }]);
    world.clearFaults();
    const holder = await world.databases.product.transaction();
    await holder('products').where('product_id', 'pear').forUpdate();
    try {
      return await forced(world, { completed: 1, pending: 1 });
    } finally {
      await holder.rollback();
    }
  },
  'force-failing': async (world) => {
    await leftOpen(world, [{}]);
    return forced(world, { completed: 0, pending: 1 });
  },
  'force-broken': async (world) => {
    await unconfirmed(world, 'confirmStock');
    await forgetReservation(world);
    return forced(world, { completed: 0, pending: 1 });
  },
  'force-overtaken': async (world) => {
    const input = { ...aged, timing: patient };
    const handle = await overtaken(world, () => startRun(world, forceConfirmations, input));
    expect(await handle.result()).toEqual({ completed: 0, pending: 1 });
    return handle;
  },
  'force-cancelled': (world) => abandoned(world, forceConfirmations, aged, 'findUnconfirmed'),
  'sweep-nothing': (world) => swept(world, { confirmed: 0, cancelled: 0, held: 0 }),
  'sweep-decided': async (world) => {
    // One page with both decisions, and another page.
    await leftOpen(world, [{ orderId: 'o-1' }, { orderId: 'o-2', ...tooDear }, { orderId: 'o-3' }]);
    world.clearFaults();
    return swept(world, { confirmed: 4, cancelled: 1, held: 0 });
  },
  'sweep-undecided': async (world) => {
    await placing('tcc')(world, [{ lines: { ghost: 1 } }], [0, 0, 1]);
    return swept(world, { confirmed: 0, cancelled: 0, held: 1 });
  },
  'sweep-unknown-order': async (world) => {
    await unconfirmed(world, 'confirmStock');
    await world.databases.product('reservations').update({ order_id: 'nobody' });
    return swept(world, { confirmed: 0, cancelled: 0, held: 1 });
  },
  'sweep-order-away': async (world) => {
    await unconfirmed(world, 'confirmStock');
    world.faults.readDecisions = away;
    return swept(world, { confirmed: 0, cancelled: 0, held: 1 }, { timing: impatient });
  },
  'sweep-participant-away': async (world) => {
    await unconfirmed(world, 'confirmStock', 'confirmPoints');
    world.faults.agedPoints = away;
    return swept(world, { confirmed: 1, cancelled: 0, held: 0 });
  },
  'sweep-failing': async (world) => {
    await unconfirmed(world, 'confirmStock');
    world.faults.confirmStock = away;
    return swept(world, { confirmed: 0, cancelled: 0, held: 1 });
  },
  'sweep-broken': async (world) => {
    await unconfirmed(world, 'confirmStock');
    await forgetReservation(world);
    return swept(world, { confirmed: 0, cancelled: 0, held: 1 });
  },
  'sweep-overtaken': async (world) => {
    const order = await unconfirmed(world, 'confirmStock', 'confirmPoints');
    const handle = await sweptAfter(world, order);
    expect(await handle.result()).toEqual({ confirmed: 0, cancelled: 0, held: 2 });
    return handle;
  },
  'sweep-cancelled': async (world) => {
    await unconfirmed(world, 'confirmStock');
    const gate = holdAt(world, 'readDecisions');
    const handle = await startRun(world, sweepReservations, aged);
    await gate.reached;
    await handle.cancel();
    expect(await handle.result()).toEqual({ confirmed: 0, cancelled: 0, held: 1 });
    gate.open();
    return handle;
  },
};

function forced(world: World, result: ForceResult): Promise<WorkflowHandle> {
  return ran(world, forceConfirmations, aged, result);
}

function swept(world: World, result: SweepResult, changes: Partial<AgedInput> = {}) {
  return ran(world, sweepReservations, { ...aged, ...changes }, result);
}

/** These decided orders wait with open reservations of stock and points. */
async function leftOpen(world: World, sketches: object[]): Promise<void> {
  for (const step of ['confirmStock', 'confirmPoints', 'cancelStock'] as const) {
    world.faults[step] = away;
  }
  await placing('tcc')(world, sketches, [0, 0, sketches.length]);
}

/** An operator's cancel comes between the sweep's read of the decision and its confirm. */
async function sweptAfter(world: World, { orderId }: PlacedOrder): Promise<WorkflowHandle> {
  const gate = new Gate();
  let read = 0;
  world.faults.readDecisions = async (run) => {
    const standing = await run();
    read += 1;
    await gate.pass();
    return standing;
  };
  const handle = await startRun(world, sweepReservations, { ...aged, timing: patient });
  await until('both participants have asked', () => read === 2);
  expect(await resolve(world, orderId, 'cancel')).toEqual({ outcome: 'cancelled' });
  gate.open();
  return handle;
}
