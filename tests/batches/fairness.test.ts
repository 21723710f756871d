import { createParticipantActivities } from '../../activities/participant/activities';
import { product as productParticipant } from '../../contracts/participants/product';
import type { Knex } from 'knex';
import pino from 'pino';
import { createOrderIntake } from '../../activities/order/intake';
import { runBatch, type BatchStep } from '../../activities/barrier/batch';
import { openDatabase } from '../../activities/database/connection';
import { Dispatcher } from '../../api/placing/dispatcher';
import { createTemporalStarter } from '../../api/placing/temporal';
import { TemporalPresence } from '../../api/placing/temporal-presence';
import { defaultTiming } from '../../contracts/limits';
import { taskQueues, workflowTypes } from '../../contracts/names';
import { createOrder, stateOf, until } from '../support/orders';
import type { StepOutcome } from '../../contracts/steps';
import { useWorld } from '../support/use-world';
import { hurriedTiming } from '../support/world';
import { begin, createOrderService, orderIdOf, readRows } from './service';

/** A transaction that locks one product or account delays no order that needs neither. */

const free = ['f-1', 'f-2', 'f-3', 'f-4', 'f-5', 'f-6', 'f-7', 'f-8'];
const shelf = [...free, 'e-held', 'z-held'].map((id) => [id, { available: 1_000 }] as const);
const customers = ['anna', 'a-held', 'b-free', 'm-free', 'z-free'];
const world = useWorld({
  stock: Object.fromEntries(shelf),
  points: Object.fromEntries(customers.map((id) => [id, 1_000])),
});

function dispatcher(): Dispatcher {
  const intake = createOrderIntake(world.databases.order);
  return new Dispatcher({
    pattern: 'saga',
    claimOrders: (ids, owner) => intake.claimOrders(ids, owner, 'saga'),
    start: createTemporalStarter(world.client, {
      pattern: 'saga',
      workflowType: workflowTypes.placeOrders,
      taskQueue: taskQueues.workflow,
    }),
    whenOneHasEnded: () => Promise.resolve(),
    temporal: new TemporalPresence(() => Promise.resolve(), pino({ level: 'silent' })),
    // The locked ones must wait longer than the others, as in production.
    timing: {
      ...hurriedTiming,
      actionMsMax: defaultTiming.actionMsMax,
      heldMsMax: defaultTiming.heldMsMax,
    },
    logger: pino({ level: 'silent' }),
    onProgress: () => undefined,
  });
}

async function statusesOf(ids: string[]): Promise<string[]> {
  return Promise.all(ids.map(async (id) => (await stateOf(world, id)).status));
}

it.each([1, 2])(
  'steps that need one in %i rows of a table wait only for their own rows',
  async (step) => {
    const shelf = Array.from({ length: 300 }, (_, i) => `p-${String(i).padStart(3, '0')}`);
    const stock = shelf.map((id) => [id, { available: 1_000 }] as const);
    await world.databases.stock(Object.fromEntries(stock));
    await world.databases.product.raw('ANALYZE TABLE products');
    const holder = await world.databases.product.transaction();
    const url = world.databases.url('product_worker', 'product');
    const pool = openDatabase({ url, poolMax: 2, lockWaitSMax: 1 });
    try {
      await holder('products').whereIn('product_id', ['p-101', 'z-held']).forUpdate();
      const others = shelf.filter((id, i) => id !== 'p-101' && i % step === 0);
      const commands = others.map((productId, i) => ({
        orderId: `o-${String(i)}`,
        lines: [{ productId, quantity: 1 }],
      }));
      const product = createParticipantActivities(productParticipant, pool);
      const outcomes = commands.map(() => ({ kind: 'done' }));
      expect(await product.deductStock(commands)).toEqual(outcomes);
      expect(await product.restoreStock(commands)).toEqual(outcomes);
    } finally {
      await holder.rollback();
      await pool.destroy();
    }
  },
);

it('tries again at once if the row is released just after the wait timed out', async () => {
  const holder = await world.databases.product.transaction();
  const url = world.databases.url('product_worker', 'product');
  const pool = openDatabase({ url, poolMax: 2, lockWaitSMax: 1 });
  const held = (trx: Knex) =>
    trx('products').where('product_id', 'z-held').forUpdate().pluck('product_id');
  let waitedInVain = 0;
  try {
    await held(holder);
    const step: BatchStep<{ orderId: string }, StepOutcome> = {
      work: async (trx) => {
        await held(trx);
        return [{ kind: 'done' }];
      },
      // Its holder ends now: another transaction whose wait has ended in the same second.
      needing: () => [],
      findLocked: async () => {
        waitedInVain++;
        await holder.rollback();
        return [];
      },
    };
    expect(await runBatch(pool, step, [{ orderId: 'o-1' }])).toEqual([{ kind: 'done' }]);
    expect(waitedInVain).toBe(1);
  } finally {
    if (!holder.isCompleted()) await holder.rollback();
    await pool.destroy();
  }
});

describe('a batch of which every wait times out', () => {
  const nine = Array.from({ length: 9 }, (_, i) => ({ orderId: `o-${String(i)}` }));

  /** @param found how many of them are found locked after each wait */
  async function waiting(...found: number[]) {
    const holder = await world.databases.product.transaction();
    const url = world.databases.url('product_worker', 'product');
    const pool = openDatabase({ url, poolMax: 2, lockWaitSMax: 1 });
    let waits = 0;
    const step: BatchStep<{ orderId: string }, StepOutcome> = {
      work: async (trx) => {
        waits++;
        await trx('products').where('product_id', 'z-held').forUpdate();
        return [];
      },
      needing: () => [],
      findLocked: (_trx, commands) => Promise.resolve(commands.slice(0, found[waits - 1])),
    };
    try {
      await holder('products').where('product_id', 'z-held').forUpdate();
      return { outcomes: await runBatch(pool, step, nine), waits };
    } finally {
      await holder.rollback();
      await pool.destroy();
    }
  }

  it.each([
    ['each wait met other holders', [1, 1, 1, 1, 1]],
    ['its first holders were found too late', [0, 0, 1, 1]],
  ])('answers before its attempt times out, even if %s', async (_why, found) => {
    const outcomes = nine.map(() => ({ kind: 'locked' }));
    expect(await waiting(...found)).toEqual({ waits: 3, outcomes });
  });
});

it('the order service waits only for its batch’s own orders, however many there are', async () => {
  const service = await createOrderService();
  try {
    await begin(service, 250);
    const ids = Array.from({ length: 250 }, (_, i) => orderIdOf(i));
    await service.intake.claimOrders(ids, 'place-a', 'saga');
    await service.databases.order.raw('ANALYZE TABLE orders, order_lines');
    const holder = await service.databases.order.transaction();
    try {
      await holder('orders').where('order_id', orderIdOf(101)).forUpdate();
      const others = ids.filter((id) => id !== orderIdOf(101));
      const { activities } = service;
      const step = { code: 'unknown-product', step: 'deductStock' } as const;
      const cancel = { decision: 'CANCEL', reason: 'unavailable' } as const;
      await activities.holdOrders(others.slice(0, 120).map((orderId) => ({ orderId, ...step })));
      await activities.decideOrders(others.map((orderId) => ({ orderId, ...cancel })));
      await activities.closeOrders(others);
    } finally {
      await holder.rollback();
    }
    const rows = await readRows(service);
    expect(ids.filter((id) => rows.get(id)?.status !== 'CANCELLED')).toEqual([orderIdOf(101)]);
  } finally {
    await service.end();
  }
});

it('a locked product and a locked account delay no other order of the dispatcher', async () => {
  const placing = dispatcher();
  const hot = await createOrder(world, { customerId: 'm-free', lines: { 'z-held': 1, 'f-1': 1 } });
  const poor = await createOrder(world, { customerId: 'a-held', lines: { 'f-2': 1 } });
  const sketches = free.map((id, i) => ({
    customerId: ['b-free', 'z-free'][i % 2] ?? '',
    lines: { [id]: 1 },
  }));
  const others = await Promise.all(sketches.map((sketch) => createOrder(world, sketch)));
  const later = await Promise.all(sketches.map((sketch) => createOrder(world, sketch)));
  const holders = [
    await world.databases.product.transaction(),
    await world.databases.point.transaction(),
  ] as const;
  try {
    await holders[0]('products').where('product_id', 'z-held').forUpdate();
    await holders[1]('point_accounts').where('customer_id', 'a-held').forUpdate();
    const place = ({ orderId }: { orderId: string }) =>
      placing.place({ orderId, lineCount: 1 }).admitted;
    await Promise.all([hot, poor, ...others].map(place));
    await Promise.all(later.map(place));
    const ids = [...others, ...later].map(({ orderId }) => orderId);
    await until('the others are completed', async () =>
      (await statusesOf(ids)).every((status) => status === 'COMPLETED'),
    );
    expect(await statusesOf([hot.orderId, poor.orderId])).toEqual(['PLACING', 'PLACING']);
  } finally {
    await Promise.all(holders.map((holder) => holder.rollback()));
  }
  await until('those that waited are completed too', async () =>
    (await statusesOf([hot.orderId, poor.orderId])).every((status) => status === 'COMPLETED'),
  );
});
