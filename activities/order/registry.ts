import type { Knex } from 'knex';
import type {
  CompensationResult,
  CompensationStep,
  DueCompensation,
  FailedCompensation,
} from '../../contracts/steps';
import { readOrders } from './content';
import { close, isOpen, lockOrders, raiseAlerts, setPending } from './steps';

/** The compensation registry: what is owed to somebody and could not be given back yet. */

/** After the quick tries that the workflow itself has made in vain. */
export const defaultFirstRetryMs = 2_000;
const retryMsMax = 600_000;
const doublingsMax = 10;

/**
 * Writes the rows, the orders' PENDING and an alert in one transaction. An order that has ended
 * meanwhile (an adopter was faster) owes nothing: no row is written.
 */
export async function register(
  trx: Knex.Transaction,
  failed: FailedCompensation[],
  firstRetryMs: number,
): Promise<void> {
  const rows = await lockOrders(trx, unique(failed));
  const owed = failed.filter(({ orderId }) => isOpen(rows.get(orderId)));
  if (owed.length === 0) return;
  await trx('compensations')
    .insert(
      owed.map(({ orderId, step, error }) => ({
        order_id: orderId,
        step,
        next_retry_at: trx.raw('NOW(6) + INTERVAL ? MICROSECOND', [firstRetryMs * 1_000]),
        last_error: error.slice(0, 512),
      })),
    )
    .onConflict(['order_id', 'step'])
    .merge({
      status: 'PENDING',
      last_error: trx.raw('VALUES(last_error)'),
      next_retry_at: trx.raw('VALUES(next_retry_at)'),
      done_at: null,
    });
  await setPending(trx, unique(owed));
  await raiseAlerts(
    trx,
    'compensation-failing',
    owed.map(({ orderId, step, error }) => ({ orderId, detail: `${step}: ${error}` })),
  );
}

/** The due rows, oldest first, with the content of their orders. */
export async function due(knex: Knex, limit: number): Promise<DueCompensation[]> {
  const rows = (await knex('compensations')
    .join('orders', 'orders.order_id', 'compensations.order_id')
    .select('compensations.order_id', 'step')
    .where('compensations.status', 'PENDING')
    // Whatever the registry says: nothing is given back for an order that is not cancelled.
    .where('decision', 'CANCEL')
    .where('next_retry_at', '<=', knex.fn.now(6))
    .orderBy('next_retry_at')
    .limit(limit)) as { order_id: string; step: CompensationStep }[];
  const orders = await readOrders(
    knex,
    rows.map((row) => row.order_id),
  );
  return rows.flatMap(({ order_id: id, step }) => {
    const order = orders.get(id);
    return order ? [{ order, step }] : [];
  });
}

/**
 * What came of a run's tries. The order's row is locked first, so that with the last row of an
 * order made good exactly one transaction sees it and ends the order.
 */
export async function recordResults(
  trx: Knex.Transaction,
  results: CompensationResult[],
  firstRetryMs: number,
): Promise<void> {
  await lockOrders(trx, unique(results));
  for (const { orderId, step, error } of results) {
    const row = trx('compensations').where({ order_id: orderId, step, status: 'PENDING' });
    if (error === undefined) {
      await row.update({ status: 'DONE', done_at: trx.fn.now(6) });
    } else {
      await row.update({
        attempts: trx.raw('attempts + 1'),
        // The exponent is bounded as well: POW itself overflows, after a week of trying.
        next_retry_at: trx.raw(
          'NOW(6) + INTERVAL LEAST(? * POW(2, LEAST(attempts, ?)), ?) * 1000 MICROSECOND',
          [firstRetryMs, doublingsMax, retryMsMax],
        ),
        last_error: error.slice(0, 512),
      });
    }
  }
  await close(trx, unique(results.filter(({ error }) => error === undefined)));
}

function unique(items: readonly { orderId: string }[]): string[] {
  return [...new Set(items.map(({ orderId }) => orderId))];
}
