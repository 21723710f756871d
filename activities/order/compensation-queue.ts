import type { Knex } from 'knex';
import { batchLimits } from '../../contracts/limits';
import type { CompensationResult, DueCompensations, DueQuery } from '../../contracts/recovery';
import type { FailedCompensation } from '../../contracts/steps';
import { byIndex } from '../database/rows';
import { readOrders } from './content';
import { closeOrders, isOpen, lockFreeOrders, lockOrders, raiseAlerts } from './decision';
import { putAside } from './waits';

/** The compensation registry: compensations that have failed so far. */

/** The delay after the workflow's own quick attempts have failed. */
export const defaultFirstRetryMs = 2_000;
const retryMsMax = 600_000;
const doublingsMax = 10;

/**
 * Writes the rows, sets the orders to PENDING and raises alerts, in one transaction. Skips an order
 * that has ended already, because an adopting workflow was faster.
 */
export async function registerCompensations(
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
  await raiseAlerts(
    trx,
    'compensation-failing',
    owed.map(({ orderId, step, error }) => ({ orderId, detail: `${step}: ${error}` })),
  );
  await putAside(trx, unique(owed));
}

interface DueRow {
  order_id: string;
  due_at: string;
  lines: number;
}

/** A page of one compensation's due rows, oldest first, with their orders' content. */
export async function dueCompensations(
  knex: Knex,
  { step, after, limit }: DueQuery,
): Promise<DueCompensations> {
  const found = knex('compensations')
    .join('orders', 'orders.order_id', 'compensations.order_id')
    .select('compensations.order_id', knex.raw('CAST(next_retry_at AS CHAR) AS due_at'))
    .select<DueRow[]>(
      knex('order_lines')
        .count('*')
        .whereRaw('order_lines.order_id = compensations.order_id')
        .as('lines'),
    )
    .where('compensations.status', 'PENDING')
    // A safeguard: never gives back for an order that is not decided CANCEL.
    .where({ step, decision: 'CANCEL' })
    .where('next_retry_at', '<=', knex.fn.now(6))
    .orderBy(['next_retry_at', 'compensations.order_id'])
    .limit(limit);
  if (after) {
    const { dueAt, orderId } = after;
    void found.where('next_retry_at', '>=', dueAt).where((later) => {
      void later.where('next_retry_at', '>', dueAt).orWhere('compensations.order_id', '>', orderId);
    });
  }
  const rows = await found;
  const page = firstLines(rows);
  const last = page.at(-1);
  const isLastPage = rows.length < limit && page.length === rows.length;
  const orders = await readOrders(
    knex,
    page.map((row) => row.order_id),
  );
  return {
    orders: page.flatMap((row) => orders.get(row.order_id) ?? []),
    last: isLastPage || !last ? null : { dueAt: last.due_at, orderId: last.order_id },
  };
}

/** As many rows as a batch may hold, at least one, to fit into an answer. */
function firstLines(rows: DueRow[]): DueRow[] {
  let lines = 0;
  const fits = (row: DueRow, i: number) => (lines += row.lines) <= batchLimits.linesMax || i === 0;
  const firstThatDoesNot = rows.findIndex((row, i) => !fits(row, i));
  return firstThatDoesNot === -1 ? rows : rows.slice(0, firstThatDoesNot);
}

/**
 * Records the results of a page. Locks the orders' rows first, so exactly one transaction sees an
 * order's last row done and ends the order. Skips an order whose row another session has locked:
 * its compensation stays due, and repeating it has no effect.
 */
export async function recordCompensations(
  trx: Knex.Transaction,
  results: CompensationResult[],
  firstRetryMs: number,
): Promise<void> {
  const free = await lockFreeOrders(trx, unique(results));
  const recorded = results.filter(({ orderId }) => free.has(orderId));
  for (const group of groupsOf(recorded)) {
    const [{ step, error }] = group;
    await byIndex(trx, 'compensations')
      .whereIn('order_id', unique(group))
      .where({ step, status: 'PENDING' })
      .update(error === undefined ? madeGood(trx) : failedAgain(trx, error, firstRetryMs));
  }
  await closeOrders(trx, unique(recorded.filter(({ error }) => error === undefined)));
}

/** Groups results by step and result; each group is one statement. */
function groupsOf(results: CompensationResult[]): [CompensationResult, ...CompensationResult[]][] {
  const groups = new Map<string, [CompensationResult, ...CompensationResult[]]>();
  for (const result of results) {
    const key = JSON.stringify([result.step, result.error]);
    const group = groups.get(key);
    if (group) group.push(result);
    else groups.set(key, [result]);
  }
  return [...groups.values()];
}

function madeGood(trx: Knex.Transaction) {
  return { status: 'DONE' as const, done_at: trx.fn.now(6) };
}

function failedAgain(trx: Knex.Transaction, error: string, firstRetryMs: number) {
  return {
    attempts: trx.raw('attempts + 1'),
    // Bounds the exponent too, because POW overflows after about a week of attempts.
    next_retry_at: trx.raw(
      'NOW(6) + INTERVAL LEAST(? * POW(2, LEAST(attempts, ?)), ?) * 1000 MICROSECOND',
      [firstRetryMs, doublingsMax, retryMsMax],
    ),
    last_error: error.slice(0, 512),
  };
}

function unique(items: readonly { orderId: string }[]): string[] {
  return [...new Set(items.map(({ orderId }) => orderId))];
}
