import type { Knex } from 'knex';
import { participants, type ParticipantName } from '../../contracts/participants';
import type { LockActivities, LockCommand } from '../../contracts/steps';
import { inDatabase } from '../participant/books';
import { rulesOf } from '../participant/rules';
import { asActivity } from '../database/activity-failure';
import { runBatch } from '../barrier/batch';
import type { RowsHeld } from '../barrier/held-rows';
import { lockedBalances } from '../barrier/locks';
import { placeInOne, type AllRules } from './steps';

export interface LockDeps {
  /** Connects to the order database, as a user that can reach the participants' databases too. */
  knex: Knex;
  /** The names of the participants' databases on the same server. */
  databases: Readonly<Record<ParticipantName, string>>;
}

/** Creates the activity of pattern `lock` on a connection that reaches every database. */
export function createLockActivities({ knex, databases }: LockDeps): LockActivities {
  return {
    placeInOneTransaction: (commands, whenHeld = 'wait') => {
      const all = participants.map((participant) =>
        rulesOf(participant, inDatabase(participant.books, databases[participant.name]), whenHeld),
      );
      const step = {
        work: (trx: Knex.Transaction, some: LockCommand[]) => placeInOne(trx, all, some),
        findLocked: (trx: Knex.Transaction, some: LockCommand[]) => locked(trx, all, some),
        needing: ({ table, keys }: RowsHeld, some: LockCommand[]) =>
          all
            .filter(({ books }) => books.balances === table)
            .flatMap(({ balancesOf }) =>
              some.filter((command) => balancesOf(command).some((id) => keys.has(id))),
            ),
      };
      return asActivity(() => runBatch(knex, step, commands));
    },
  };
}

/** The commands whose order row or balance another session has locked. */
async function locked(
  trx: Knex.Transaction,
  all: AllRules,
  commands: LockCommand[],
): Promise<LockCommand[]> {
  const orders = { balances: 'orders', key: 'order_id' };
  const orderIds = commands.map(({ orderId }) => orderId);
  const heldOrders = await lockedBalances(trx, orders, orderIds);
  const held = new Set(commands.filter(({ orderId }) => heldOrders.has(orderId)));
  for (const { books, balancesOf } of all) {
    const balances = await lockedBalances(trx, books, commands.flatMap(balancesOf));
    for (const command of commands) {
      if (balancesOf(command).some((id) => balances.has(id))) held.add(command);
    }
  }
  return commands.filter((command) => held.has(command));
}
