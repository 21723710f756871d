import { setTimeout as sleep } from 'node:timers/promises';
import { mutate } from '../mutants/mutate';
import { until } from '../support/orders';
import { begin, createOrderService, orderIdOf, readRows, type OrderService } from './service';

/**
 * Two workflows drive one order after an adoption: one closes its batch while the other registers a
 * failed compensation. The closing statement has begun by then, and must not judge by a registry
 * that it read before it waited for the row.
 */

const ids = [0, 1].map(orderIdOf);

/**
 * Statements on orders that wait for a row. The server answers from a copy that it renews only if
 * no query came for 100 ms.
 */
async function waitingStatements(service: OrderService): Promise<number> {
  await sleep(200);
  const [rows] = (await service.databases.product.raw(
    `SELECT COUNT(*) n FROM information_schema.innodb_trx
     WHERE trx_state = 'LOCK WAIT' AND trx_query LIKE '%orders%'`,
  )) as [{ n: number }[]];
  return rows[0]?.n ?? 0;
}

async function closeSeesWhatWasRegistered(service: OrderService): Promise<void> {
  await begin(service, ids.length);
  await service.intake.claimOrders(ids, 'place-a', 'saga');
  await service.activities.decideOrders(
    ids.map((orderId) => ({ orderId, decision: 'CANCEL', reason: 'unavailable' })),
  );
  const registering = await service.databases.order.transaction();
  const [, last = ''] = ids;
  await registering('orders').where('order_id', last).forUpdate();
  await registering('orders').where('order_id', last).update({ status: 'PENDING' });
  await registering('compensations').insert({
    order_id: last,
    step: 'restoreStock',
    next_retry_at: registering.fn.now(6),
    last_error: 'away',
  });
  const closing = service.activities.closeOrders(ids);
  try {
    await until('the close waits', async () => (await waitingStatements(service)) > 0, 2_000);
  } finally {
    await registering.commit();
    await closing;
  }
  const rows = await readRows(service);
  expect(ids.map((id) => rows.get(id)?.status)).toEqual(['CANCELLED', 'PENDING']);
}

async function checkIn(folder?: string): Promise<void> {
  const service = await createOrderService(folder);
  try {
    await closeSeesWhatWasRegistered(service);
  } finally {
    await service.end();
  }
}

it('a close that waits for a concurrent registration sees its rows', () => checkIn());

it('a test catches a close that does not lock its rows first', async () => {
  const mutant = mutate([
    {
      file: 'activities/order/activities.ts',
      in: 'closeOrders',
      from: 'await lockOrders(trx, orderIds);',
      to: '',
    },
  ]);
  try {
    await expect(checkIn(mutant.folder)).rejects.toThrow(/toEqual/);
  } finally {
    mutant.remove();
  }
});
