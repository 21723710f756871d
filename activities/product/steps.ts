import type { Knex } from 'knex';
import type { StockCommand } from '../../contracts/steps';
import { applyChanges, lockBalances, type Books } from '../transaction/balances';
import { SetAside, type RecordedOutcome } from '../transaction/once';

/**
 * The product service's business rules, on a transaction that somebody else began: they know
 * neither Temporal nor the protocol that calls them.
 */

export const stockBooks: Books = {
  balances: 'products',
  key: 'product_id',
  ledger: 'stock_ledger',
  amount: 'quantity',
  taking: 'deduct',
};

/**
 * All lines of an order or none, order by order as they come, over rows locked in key order.
 *
 * @param post where to what is taken goes: out of the books, or into a reservation
 */
export async function takeStock(
  trx: Knex.Transaction,
  commands: StockCommand[],
  books: Books = stockBooks,
  post: typeof applyChanges = applyChanges,
): Promise<RecordedOutcome[]> {
  const available = await lockBalances(trx, books, productIds(commands));
  const unknown = commands.filter(({ lines }) => lines.some((l) => !available.has(l.productId)));
  if (unknown.length > 0) throw new SetAside(unknown, { kind: 'broken', code: 'unknown-product' });

  const taken: StockCommand[] = [];
  const outcomes = commands.map((command): RecordedOutcome => {
    const left = ({ productId }: { productId: string }) => available.get(productId) ?? 0n;
    if (command.lines.some((line) => left(line) < BigInt(line.quantity))) {
      return { kind: 'rejected', code: 'insufficient-stock' };
    }
    for (const line of command.lines) {
      available.set(line.productId, left(line) - BigInt(line.quantity));
    }
    taken.push(command);
    return { kind: 'done' };
  });
  await post(trx, books, changes(taken, books.taking, -1));
  return outcomes;
}

/** Gives back what `takeStock` took. */
export async function returnStock(trx: Knex.Transaction, commands: StockCommand[]): Promise<void> {
  await lockBalances(trx, stockBooks, productIds(commands));
  await applyChanges(trx, stockBooks, changes(commands, 'restore', 1));
}

function productIds(commands: readonly StockCommand[]): string[] {
  return commands.flatMap(({ lines }) => lines.map((line) => line.productId));
}

function changes(commands: readonly StockCommand[], kind: string, sign: 1 | -1) {
  return commands.flatMap(({ orderId, lines }) =>
    lines.map((line) => ({ orderId, id: line.productId, kind, amount: sign * line.quantity })),
  );
}
