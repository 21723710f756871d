import type { Knex } from 'knex';
import type { LockCommand, StepOutcome, Verdict } from '../../contracts/steps';
import { decide, isOpen, lockOrders } from '../order/steps';
import { takePoints } from '../point/steps';
import { takeStock } from '../product/steps';
import type { Books } from '../transaction/balances';
import { SetAside, type RecordedOutcome } from '../transaction/once';

/** Where the two participants' books are, as seen from the order service's database. */
export interface AllBooks {
  stock: Books;
  points: Books;
}

/**
 * Places orders in one transaction over the three databases. The orders' rows are locked first,
 * then products, then points, each in key order, so that two of these cannot deadlock. An order's
 * locked row is its barrier: a repeat, and one that comes after a CANCEL, find it decided, and
 * take nothing.
 */
export async function placeInOne(
  trx: Knex.Transaction,
  books: AllBooks,
  commands: LockCommand[],
): Promise<StepOutcome[]> {
  const rows = await lockOrders(
    trx,
    commands.map(({ orderId }) => orderId),
  );
  const completeAndOpen = commands.filter(({ orderId }) => {
    const row = rows.get(orderId);
    return row?.decision === 'COMPLETE' && isOpen(row);
  });
  // COMPLETE and the effects are one commit here, so somebody else has written this decision.
  if (completeAndOpen.length > 0) {
    throw new SetAside(completeAndOpen, { kind: 'broken', code: 'effect-unaccounted' });
  }
  const undecided = commands.filter(({ orderId }) => rows.get(orderId)?.decision === null);
  const fresh = await takeBoth(trx, books, undecided);
  const known = commands.filter(({ orderId }) => rows.has(orderId));
  const decisions = await decide(
    trx,
    known.map(({ orderId }) => verdictOn(orderId, fresh.get(orderId))),
  );
  const decided = new Map(known.map(({ orderId }, i) => [orderId, decisions[i]]));
  return commands.map(({ orderId }): StepOutcome => {
    if (!decided.has(orderId)) return { kind: 'broken', code: 'unknown-order' };
    const kind = decided.get(orderId) === 'COMPLETE' ? 'done' : 'cancelled';
    return fresh.get(orderId) ?? { kind };
  });
}

/**
 * Takes the stock and then the points of each order, or neither. An order whose points are short
 * is left out and the others are begun anew, as if its stock had never been taken: the ledgers
 * then need no row that gives back. An order that lacks both is told of the stock.
 */
async function takeBoth(
  trx: Knex.Transaction,
  books: AllBooks,
  commands: LockCommand[],
): Promise<Map<string, RecordedOutcome>> {
  const outcomes = new Map<string, RecordedOutcome>();
  let rest = commands;
  while (rest.length > 0) {
    // Knex's own savepoints would hide a deadlock behind the error of their rollback.
    await trx.raw('SAVEPOINT nothing_taken');
    const stock = await takeStock(trx, rest, books.stock);
    const supplied = rest.filter((_, i) => stock[i]?.kind === 'done');
    const points = supplied.length > 0 ? await takePoints(trx, supplied, books.points) : [];
    const short = supplied.flatMap(({ orderId }, i) => {
      const outcome = points[i];
      return outcome?.kind === 'rejected' ? [[orderId, outcome] as const] : [];
    });
    if (short.length === 0) {
      return new Map([
        ...outcomes,
        ...rest.map(({ orderId }, i) => [orderId, at(stock, i)] as const),
      ]);
    }
    await trx.raw('ROLLBACK TO SAVEPOINT nothing_taken');
    for (const [orderId, outcome] of short) outcomes.set(orderId, outcome);
    rest = rest.filter(({ orderId }) => !outcomes.has(orderId));
  }
  return outcomes;
}

/** Without an outcome the order was decided before, and the verdict only asks how. */
function verdictOn(orderId: string, outcome: RecordedOutcome | undefined): Verdict {
  if (outcome?.kind === 'done') return { orderId, decision: 'COMPLETE' };
  return {
    orderId,
    decision: 'CANCEL',
    nothingTaken: true,
    ...(outcome?.kind === 'rejected' && { reason: outcome.code }),
  };
}

function at(outcomes: readonly RecordedOutcome[], index: number): RecordedOutcome {
  const outcome = outcomes[index];
  if (!outcome) throw new Error(`No outcome was given for command ${String(index)}`);
  return outcome;
}
