import type { WorkflowHandle } from '@temporalio/client';
import { readUnsent } from '../../activities/events/outbox';
import type { Release } from '../../contracts/deliveries';
import { workflowTypes } from '../../contracts/names';
import type { PlacedOrder } from '../../contracts/order';
import type { DeliverEventsInput, DeliverEventsResult } from '../../contracts/workflows';
import { placeByEvents } from '../choreography/support';
import { ends, claim, createOrder, startOrders, startRun, stateOf, until } from '../support/orders';
import { startRelays } from '../support/relays';
import { hurriedTiming, type World } from '../support/world';
import type { ChoreographyOutcome } from './outcomes';
import {
  adopted,
  adoptedAfterCancel,
  cancelOrder,
  endedAs,
  holdAt,
  local,
  patient,
  placing,
  ran,
  stoppedAt,
  tooDear,
  type Scenario,
} from './support';

const ended = placing('choreography');
const ghost = { lines: { ghost: 1 } };
const reacted: DeliverEventsResult = { reacted: 1, parked: 0 };
const parked: DeliverEventsResult = { reacted: 0, parked: 1 };

/** As in scenarios.ts, for the deliveries of events, and for what adoption starts. */
export const choreographyScenarios: Record<ChoreographyOutcome, Scenario> = {
  delivery: async (world) => {
    await placeByEvents(world, await createOrder(world));
    return delivered(world, reacted);
  },
  'delivery-parked': async (world) => {
    await placeByEvents(world, await createOrder(world, ghost));
    return delivered(world, parked);
  },
  'delivery-released': async (world) => {
    await park(world);
    await world.databases.stock({ ghost: { available: 5 } });
    return delivered(world, reacted, { release });
  },
  'delivery-released-in-vain': async (world) => {
    await park(world);
    return delivered(world, parked, { release });
  },
  'delivery-shared': async (world) => {
    for (const sketch of [{}, ghost, {}])
      await placeByEvents(world, await createOrder(world, sketch));
    return ran(world, workflowTypes.deliverEvents, await eventsIn(world, 3), {
      reacted: 2,
      parked: 1,
    });
  },
  'delivery-held': async (world) => {
    await placeByEvents(world, await createOrder(world));
    await placeByEvents(world, await createOrder(world, { lines: { pear: 1 } }));
    const holder = await world.databases.product.transaction();
    await holder('products').where('product_id', 'pear').forUpdate();
    let asked = 0;
    world.faults.productReacts = (run) => {
      asked += 1;
      return run();
    };
    const handle = await startRun(world, workflowTypes.deliverEvents, await eventsIn(world, 2));
    await until('it has asked again', () => asked > 1);
    await holder.rollback();
    expect(await handle.result()).toEqual({ reacted: 2, parked: 0 });
    return handle;
  },
  'delivery-cancelled': async (world) => {
    await placeByEvents(world, await createOrder(world));
    const gate = holdAt(world, 'productReacts');
    const handle = await startRun(world, workflowTypes.deliverEvents, await eventIn(world));
    await gate.reached;
    await handle.cancel();
    gate.open();
    expect(await handle.result()).toMatchObject(reacted);
    return handle;
  },
  'delivery-local': async (world) => {
    await placeByEvents(world, await createOrder(world));
    return delivered(world, reacted, { timing: local });
  },
  'delivery-local-parked': async (world) => {
    await placeByEvents(world, await createOrder(world, ghost));
    return delivered(world, parked, { timing: local });
  },
  'choreography-completed': (world) => ended(world, [{}], [1, 0, 0]),
  'choreography-rejected-stock': (world) => ended(world, [{ lines: { rare: 2 } }], [0, 1, 0]),
  'choreography-rejected-points': (world) => ended(world, [tooDear], [0, 1, 0]),
  'choreography-cancelled-by-customer': async (world) => {
    const { order, handle, gate } = await stoppedAt(world, 'choreography', 'pointReacts');
    await cancelOrder(world, order);
    gate.open();
    return endedAs(handle, [0, 1, 0]);
  },
  'choreography-cancelled-by-operator': async (world) => {
    const { order, handle, gate } = await stoppedAt(world, 'choreography', 'pointReacts', patient);
    await handle.cancel();
    await until('CANCEL is written', async () => {
      return (await stateOf(world, order.orderId)).decision === 'CANCEL';
    });
    gate.open();
    return endedAs(handle, [0, 1, 0]);
  },
  'choreography-cancelled-too-late': async (world) => {
    const { handle, gate } = await deliveredByOthers(world);
    let asked = false;
    world.faults.decideOrders = async (run) => {
      const decisions = await run();
      asked = true;
      return decisions;
    };
    await handle.cancel();
    await until('its request for CANCEL has failed', async () => {
      const waitsFor = (await handle.describe()).raw.pendingActivities ?? [];
      return asked && waitsFor.every(({ activityType }) => activityType?.name !== 'decideOrders');
    });
    gate.open();
    return endedAs(handle, [1, 0, 0]);
  },
  'choreography-delivered-by-others': async (world) => {
    const { handle, gate } = await deliveredByOthers(world);
    gate.open();
    return endedAs(handle, [1, 0, 0]);
  },
  'choreography-parked': (world) => ended(world, [ghost], [0, 0, 1]),
  'choreography-local-completed': (world) => ended(world, [{}], [1, 0, 0], local),
  'choreography-local-parked': (world) => ended(world, [ghost], [0, 0, 1], local),
  'choreography-adopted': async (world) => {
    const order = await createOrder(world);
    await claim(world, [order], 'choreography');
    await world.databases.order('outbox').update({ sent_at: new Date() });
    return adopted(world, order, [1, 0, 0]);
  },
  'choreography-adopted-after-cancel': (world) => adoptedAfterCancel(world, 'choreography'),
};

const release: Release = { by: 'olga', reason: 'the product is back' };

/** The order service's first event, for the product service. */
async function eventIn(
  world: World,
  changes: Partial<DeliverEventsInput> = {},
): Promise<DeliverEventsInput> {
  return { ...(await eventsIn(world, 1)), ...changes };
}

async function eventsIn(world: World, count: number): Promise<DeliverEventsInput> {
  const unsent = await readUnsent(world.databases.order, count);
  if (unsent.length < count) throw new Error('The order service has emitted too little');
  const events = unsent.map(({ event }) => event);
  return { events, subscriber: 'product', timing: hurriedTiming };
}

async function delivered(
  world: World,
  delivery: DeliverEventsResult,
  changes: Partial<DeliverEventsInput> = {},
): Promise<WorkflowHandle> {
  return ran(world, workflowTypes.deliverEvents, await eventIn(world, changes), delivery);
}

async function park(world: World): Promise<void> {
  await placeByEvents(world, await createOrder(world, ghost));
  await delivered(world, parked);
}

/** While the workflow looks for lost events, the relays deliver everything, and it ends. */
async function deliveredByOthers(world: World) {
  const gate = holdAt(world, 'eventsOfOrder', 'eventsOfProduct', 'eventsOfPoint');
  const order: PlacedOrder = await createOrder(world);
  const handle = await startOrders(world, 'choreography', [order], patient);
  await gate.reached;
  const relays = startRelays(world);
  await ends(world, order, 'COMPLETED');
  await relays.end();
  return { handle, gate };
}
