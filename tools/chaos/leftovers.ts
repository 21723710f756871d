import type { Knex } from 'knex';
import { participants, services } from '../../contracts/participants';
import { listPrepared } from '../../activities/participant/branch-connection';
import { closeAll, openAll, type AllDatabases } from '../stack/all-databases';
import type { RunningStack } from '../stack/state';

/** What must not be left once everything has ended, whatever the pattern. */
export interface Leftovers {
  /** XA branches that the servers hold prepared, whosever they are. */
  prepared: number;
  /** Reservations that are neither confirmed nor cancelled. */
  reserved: number;
  /** Events that wait for an operator. */
  parked: number;
  /** Events that no relay has handed over. */
  unsent: number;
  /** Orders that are claimed and have not ended. */
  unfinished: number;
}

/** Asks the servers themselves, as the administrator: no other user may see what is prepared. */
export async function readLeftovers(stack: Pick<RunningStack, 'databases'>): Promise<Leftovers> {
  const databases = openAll(stack, 'adminUrl', 1);
  try {
    return await countLeftovers(databases);
  } finally {
    await closeAll(databases);
  }
}

export async function countLeftovers(databases: AllDatabases): Promise<Leftovers> {
  const all = services.map((service) => databases[service]);
  const prepared = await Promise.all(all.map(listPrepared));
  // On one server each of them lists the same branches.
  const xids = new Set(prepared.flat().map((branch) => JSON.stringify(branch)));
  const sum = async (counts: Promise<number>[]) =>
    (await Promise.all(counts)).reduce((total, n) => total + n, 0);
  return {
    prepared: xids.size,
    reserved: await sum(
      participants.map(({ name }) =>
        count(databases[name]('reservations').whereIn('state', ['reserved', 'frozen'])),
      ),
    ),
    parked: await sum(all.map((knex) => count(knex('inbox').whereNotNull('parked_at')))),
    unsent: await sum(all.map((knex) => count(knex('outbox').whereNull('sent_at')))),
    unfinished: await count(databases.order('orders').whereIn('status', ['PLACING', 'PENDING'])),
  };
}

async function count(rows: Knex.QueryBuilder): Promise<number> {
  const [row] = await rows.count<{ n: number }[]>({ n: '*' });
  return row?.n ?? 0;
}

/** `nothing prepared, nothing reserved, …`, with the numbers of what is left. */
export function leftoversText(left: Leftovers): string {
  const parts = Object.entries(left).map(
    ([what, n]: [string, number]) => `${n === 0 ? 'nothing' : String(n)} ${what}`,
  );
  return `Left behind: ${parts.join(', ')}.`;
}
