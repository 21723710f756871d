import type { WorkflowHandle } from '@temporalio/client';
import { createOrder, netEffect, startOrders, until } from '../support/orders';
import type { World } from '../support/world';
import { unconfirmed } from '../tcc/pending';
import type { TccOutcome } from './outcomes';
import {
  adopted,
  adoptedAfterCancel,
  away,
  brokenAndCancelled,
  cancelledAt,
  cancelledBesideAnswer,
  cancelledByCustomer,
  cancelledTooLate,
  endedAs,
  failAtLength,
  heldUpInBatch,
  impatient,
  inParts,
  local,
  lostAt,
  placing,
  tooDear,
  type Scenario,
} from './support';
import { confirmOvertaken, freezeAndDie, forgetReservation } from './resolving';

const ended = placing('tcc');

/** As in scenarios.ts, for the workflow of TCC; reservation-scenarios.ts has its recovery. */
export const tccScenarios: Record<TccOutcome, Scenario> = {
  'tcc-completed': (world) => ended(world, [{}], [1, 0, 0]),
  'tcc-rejected-stock': (world) => ended(world, [{ lines: { rare: 2 } }], [0, 1, 0]),
  'tcc-rejected-points': (world) => ended(world, [tooDear], [0, 1, 0]),
  'tcc-cancelled-by-customer': (world) => cancelledByCustomer(world, 'tcc'),
  'tcc-cancelled-by-operator': (world) => cancelledAt(world, 'tcc', 'tryPoints'),
  'tcc-cancelled-once-tried': (world) => cancelledBesideAnswer(world, 'tcc', 'tryPoints'),
  'tcc-cancelled-too-late': (world) => cancelledTooLate(world, 'tcc', 'confirmPoints'),
  'tcc-unavailable': (world) => {
    world.faults.tryStock = away;
    return ended(world, [{}], [0, 1, 0], impatient);
  },
  'tcc-answered-at-length': (world) => {
    failAtLength(world, 'tryStock');
    return ended(world, [{}], [1, 0, 0], inParts);
  },
  'tcc-broken-step': (world) => ended(world, [{ lines: { ghost: 1 } }], [0, 0, 1]),
  'tcc-broken-and-cancelled': (world) => brokenAndCancelled(world, 'tcc', 'tryStock'),
  'tcc-confirm-failing': (world) => {
    world.faults.confirmPoints = away;
    return ended(world, [{}], [0, 0, 1]);
  },
  'tcc-confirm-frozen': (world) => {
    afterDecision(world, () => freeze(world));
    return ended(world, [{}], [0, 0, 1]);
  },
  'tcc-confirm-thawed': (world) => {
    afterDecision(world, () => freeze(world));
    world.faults.confirmPoints = async (run) => {
      const answer = await run();
      await world.databases.point('reservations').where('state', 'frozen').update(thawed);
      return answer;
    };
    return ended(world, [{}], [1, 0, 0]);
  },
  'tcc-confirm-broken': (world) => {
    afterDecision(world, () => forgetReservation(world));
    return ended(world, [{}], [0, 0, 1]);
  },
  'tcc-confirm-overtaken': async (world) => {
    const handle = await confirmOvertaken(world);
    return endedAs(world.client.workflow.getHandle(`${handle.workflowId}-drive`), [0, 1, 0]);
  },
  'tcc-cancel-failing': (world) => {
    world.faults.cancelStock = away;
    return ended(world, [tooDear], [0, 0, 1]);
  },
  'tcc-cancel-broken': (world) => {
    world.faults.cancelStock = () => Promise.resolve([{ kind: 'refused' }] as const);
    return ended(world, [tooDear], [0, 0, 1]);
  },
  'tcc-mixed-batch': (world) => {
    const refused = [{ lines: { rare: 2 } }, { customerId: 'poor', lines: { apple: 4 } }];
    return ended(world, [{}, ...refused, { lines: { ghost: 1 } }, {}], [2, 2, 1]);
  },
  'tcc-held-up-in-batch': (world) => heldUpInBatch(world, 'tcc'),
  'tcc-confirm-held-up': (world) => confirmHeldUp(world),
  'tcc-local-completed': (world) => ended(world, [{}], [1, 0, 0], local),
  'tcc-local-unavailable': (world) => {
    world.faults.tryStock = away;
    return ended(world, [{}], [0, 1, 0], { ...local, actionMsMax: 1_000 });
  },
  'tcc-local-confirm-failing': (world) => {
    world.faults.confirmPoints = away;
    return ended(world, [{}], [0, 0, 1], local);
  },
  'tcc-adopted': async (world) => {
    return adopted(world, await lostAt(world, 'tcc', 'tryPoints', 'before'), [1, 0, 0]);
  },
  'tcc-adopted-after-complete': async (world) => {
    return adopted(world, await lostAt(world, 'tcc', 'confirmPoints', 'before'), [1, 0, 0]);
  },
  'tcc-adopted-frozen': async (world) => {
    const order = await unconfirmed(world, 'confirmStock', 'confirmPoints');
    await freezeAndDie(world, order);
    return adopted(world, order, [1, 0, 0]);
  },
  'tcc-adopted-after-cancel': (world) => adoptedAfterCancel(world, 'tcc'),
};

const thawed = { state: 'reserved', resolution: 0 };

async function freeze(world: World): Promise<void> {
  await world.databases.point('reservations').update({ state: 'frozen', resolution: 1 });
}

function afterDecision(world: World, meanwhile: () => Promise<void>): void {
  world.faults.decideOrders = async (run) => {
    const decisions = await run();
    Reflect.deleteProperty(world.faults, 'decideOrders');
    await meanwhile();
    return decisions;
  };
}

/** Another session holds the rows of one of two orders that are to be confirmed. */
async function confirmHeldUp(world: World): Promise<WorkflowHandle> {
  const held = await createOrder(world, { lines: { pear: 1 } });
  const free = await createOrder(world, { customerId: 'poor' });
  const holder = await world.databases.product.transaction();
  afterDecision(world, async () => {
    await holder('products').where('product_id', 'pear').forUpdate();
  });
  let asked = 0;
  world.faults.confirmStock = (run) => {
    asked += 1;
    return run();
  };
  const handle = await startOrders(world, 'tcc', [held, free]);
  await until('the held one is asked again', async () => {
    return asked > 1 && (await netEffect(world, free.orderId)).stock === -1;
  });
  await holder.rollback();
  return endedAs(handle, [2, 0, 0]);
}
