import type { Knex } from 'knex';
import type { PointCommand } from '../../contracts/steps';
import { applyChanges, lockBalances, type Books } from '../transaction/balances';
import type { RecordedOutcome } from '../transaction/once';

/** The point service's business rules, as in activities/product/steps.ts. */

export const pointBooks: Books = {
  balances: 'point_accounts',
  key: 'customer_id',
  ledger: 'point_ledger',
  amount: 'points',
  taking: 'use',
};

/**
 * The whole total or nothing, order by order as they come, over rows locked in key order.
 *
 * @param post where to what is taken goes, as in the product service
 */
export async function takePoints(
  trx: Knex.Transaction,
  commands: PointCommand[],
  books: Books = pointBooks,
  post: typeof applyChanges = applyChanges,
): Promise<RecordedOutcome[]> {
  const available = await lockBalances(trx, books, customerIds(commands));
  const taken: PointCommand[] = [];
  const outcomes = commands.map((command): RecordedOutcome => {
    // Who has no account has nothing to spend, as `GET /points` says too.
    const left = available.get(command.customerId) ?? 0n;
    const points = BigInt(command.points);
    if (left < points) return { kind: 'rejected', code: 'insufficient-points' };
    available.set(command.customerId, left - points);
    taken.push(command);
    return { kind: 'done' };
  });
  await post(trx, books, changes(taken, books.taking, -1));
  return outcomes;
}

/** Gives back what `takePoints` took. */
export async function returnPoints(trx: Knex.Transaction, commands: PointCommand[]): Promise<void> {
  await lockBalances(trx, pointBooks, customerIds(commands));
  await applyChanges(trx, pointBooks, changes(commands, 'refund', 1));
}

function customerIds(commands: readonly PointCommand[]): string[] {
  return commands.map((command) => command.customerId);
}

function changes(commands: readonly PointCommand[], kind: string, sign: 1 | -1) {
  return commands.map(({ orderId, customerId, points }) => ({
    orderId,
    id: customerId,
    kind,
    amount: sign * points,
  }));
}
