import type { Knex } from 'knex';
import { setTimeout as sleep } from 'node:timers/promises';
import { databaseNames } from '../stack/stack-file';
import type { Injection } from './injection';
import { participantOf } from '../../contracts/participants';
import { last } from './participants';
import type { LockedRow } from './step';
import { until } from './until';
import type { InjectionPoint } from './injection-point';

/** Faults that somebody else's locks are: a row that is held too long, and a cycle. */

const lockWaitTimeout = 1205;
const deadlockFound = 1213;
/** The heavier of two transactions survives a deadlock; every row written weighs. */
const weight = 2_000;

/** Holds the last row that the step needs until the step's wait for it has timed out. */
export async function lockRow(cell: Injection): Promise<void> {
  const { window, hit } = await cell.caught('begin');
  const holder = await cell.database.transaction();
  try {
    await hold(cell, holder, lockedRows(cell).last, 'last');
    hit.release();
    await saw(window, lockWaitTimeout);
  } finally {
    await holder.rollback();
  }
}

/** Somebody heavier holds the step's last row, and then wants its first. */
export async function deadlock(cell: Injection): Promise<void> {
  const { first, last } = lockedRows(cell);
  const { window, hit } = await cell.caught('begin');
  const heavier = await cell.database.transaction();
  try {
    await growHeavy(heavier);
    await hold(cell, heavier, last, 'last');
    hit.release();
    await until('the step holds its first row, and waits for its last', () =>
      isHeld(cell, window, first),
    );
    await hold(cell, heavier, first, 'first');
    await saw(window, deadlockFound);
  } finally {
    await heavier.rollback();
  }
}

function lockedRows({ step }: Injection): { first: LockedRow; last: LockedRow } {
  const [first, last = first] = step.locks;
  if (!first || !last) throw new Error(`${step.name} waits for no row`);
  return { first, last };
}

async function saw(window: InjectionPoint, error: number): Promise<void> {
  const name = error === deadlockFound ? 'a deadlock' : 'a lock-wait timeout';
  await until(`the step was told of ${name}`, () => window.errors.includes(error), 8_000);
}

async function hold(
  cell: Injection,
  trx: Knex.Transaction,
  row: LockedRow,
  which: 'first' | 'last',
) {
  if (row === 'tombstone') {
    // Not there yet: the session about to write it holds it, as the branch of a frozen worker does.
    const { orderId: order_id } = cell.subject;
    const step = participantOf(cell.step.service).steps.xa.prepare;
    await trx('steps').insert({ order_id, step, hash: 'v1:of-another' });
  } else await rowsOf(cell, trx, row, which).forUpdate();
}

/** A row that was inserted a moment ago is nobody's until its transaction has gone on. */
async function isHeld(cell: Injection, window: InjectionPoint, row: LockedRow): Promise<boolean> {
  if (row === 'barrier' || row === 'inbox') {
    if (window.sent < (cell.step.waitsAt ?? 3)) return false;
    // Many steps are only told of the row first; asked again, they wait for it.
    await sleep(300);
    return true;
  }
  if (row === 'tombstone') throw new Error('A tombstone is its step’s only row');
  return cell.database.transaction(async (trx) => {
    const free = (await rowsOf(cell, trx, row, 'first').forUpdate().skipLocked()) as unknown[];
    return free.length === 0;
  });
}

function rowsOf(
  { subject, orders, step }: Injection,
  trx: Knex.Transaction,
  row: Exclude<LockedRow, 'tombstone'>,
  which: 'first' | 'last',
): Knex.QueryBuilder {
  const { orderId, balances } = subject;
  switch (row) {
    case 'barrier':
      return trx('steps').where('order_id', orderId).select('step');
    case 'balance': {
      const { name, books } = participantOf(step.service);
      return trx(books.balances).where(books.key, balances[name]).select(books.key);
    }
    case 'last-balance': {
      const { name, books } = last;
      // As seen from the order service's database, on one server.
      return trx(`${databaseNames[name]}.${books.balances}`)
        .where(books.key, balances[name])
        .select(books.key);
    }
    case 'inbox':
      return trx('inbox').where('order_id', orderId).select('event_id');
    case 'outbox':
      return trx('outbox').where('order_id', orderId).select('event_id');
    case 'compensation':
      return trx('compensations').where('order_id', orderId).select('step');
    case 'reservation':
      return trx('reservations').where('order_id', orderId).select('order_id');
    case 'resolution':
      return trx('resolutions').where('order_id', orderId).select('resolution_id');
    case 'alert':
      return trx('alerts').where('order_id', orderId).select('kind');
    case 'order': {
      // Among many, the first and the last of those that the step locks, in the order of keys.
      const ids = orders
        .filter(({ plan }) => plan.kind === subject.plan.kind)
        .map((order) => order.orderId)
        .sort();
      const id = which === 'first' ? ids[0] : ids.at(-1);
      return trx('orders').where('order_id', String(id)).select('order_id');
    }
  }
}

async function growHeavy(trx: Knex.Transaction): Promise<void> {
  const rows = Array.from({ length: weight }, (_, i) => ({ n: i }));
  await trx.batchInsert('matrix_weight.heavy_rows', rows, 1_000);
}
