import type { Knex } from 'knex';
import type { LockActivities, LockCommand } from '../../contracts/steps';
import { pointBooks } from '../point/steps';
import { stockBooks } from '../product/steps';
import { asActivity } from '../transaction/activity-failure';
import { inDatabase } from '../transaction/balances';
import { runBatch } from '../transaction/batch';
import { lockedBalances } from '../transaction/locks';
import { placeInOne, type AllBooks } from './steps';

export interface LockDeps {
  /** On the order service's database, by a user that reaches the two others as well. */
  knex: Knex;
  /** Names of the other services' databases, on the same server. */
  databases: { product: string; point: string };
}

/** The baseline's activity, given a connection that reaches all three databases. */
export function createLockActivities({ knex, databases }: LockDeps): LockActivities {
  const books: AllBooks = {
    stock: inDatabase(stockBooks, databases.product),
    points: inDatabase(pointBooks, databases.point),
  };
  const step = {
    work: (trx: Knex.Transaction, commands: LockCommand[]) => placeInOne(trx, books, commands),
    findLocked: (trx: Knex.Transaction, commands: LockCommand[]) => locked(trx, books, commands),
  };
  return {
    placeInOneTransaction: (commands) => asActivity(() => runBatch(knex, step, commands)),
  };
}

/** Those of which somebody else holds the order, a product or the customer's points. */
async function locked(
  trx: Knex.Transaction,
  { stock, points }: AllBooks,
  commands: LockCommand[],
): Promise<LockCommand[]> {
  const orders = { balances: 'orders', key: 'order_id' };
  const heldOrders = await lockedBalances(trx, orders, commands.map(orderIdOf));
  const heldProducts = await lockedBalances(trx, stock, commands.flatMap(productIdsOf));
  const heldAccounts = await lockedBalances(
    trx,
    points,
    commands.map(({ customerId }) => customerId),
  );
  return commands.filter(
    (command) =>
      heldOrders.has(command.orderId) ||
      heldAccounts.has(command.customerId) ||
      productIdsOf(command).some((id) => heldProducts.has(id)),
  );
}

function orderIdOf({ orderId }: LockCommand): string {
  return orderId;
}

function productIdsOf({ lines }: LockCommand): string[] {
  return lines.map(({ productId }) => productId);
}
