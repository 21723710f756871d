import { byService } from '../../contracts/participants';
import type { Knex } from 'knex';
import { watchWhile } from './isolation';
import { runOneLoad, type Load } from './loads';
import { byLockKind, heldByOrder } from './locks';
import { audited } from './measure';
import { spreadOf, type Row, type WatchedRow } from './row';
import type { BenchServers } from './servers';
import { listenWhile } from './statements';

/**
 * Places the orders of a measurement once more: every statement is heard, and snapshots are taken
 * all the time, which takes its toll.
 *
 * @param reader takes the snapshots, as `auditor`
 */
export async function watch(
  { stack, mysql }: BenchServers,
  reader: Knex,
  row: Row,
  load: Load,
): Promise<WatchedRow> {
  const names = byService((service) => stack.databases[service].database);
  const heard = await listenWhile(mysql, () =>
    watchWhile(reader, names, () => runOneLoad(stack, load, `${row.subject}, watched`)),
  );
  const { result: summary, sightings } = heard.result;
  const { durations, pausesMs, snapshots, count, byKind } = sightings;
  const { audit } = await audited(stack);
  const held = [...heldByOrder(heard.statements).values()];
  return {
    ...row,
    lockedMs: {
      ...byLockKind((kind) => spreadOf(held.map((one) => one[kind]))),
      orders: held.length,
    },
    statementsLost: heard.lost,
    isolation: {
      orders: summary.orders,
      snapshots,
      everyMs: spreadOf(pausesMs),
      caught: count,
      byKind,
      atLeastMs: spreadOf(durations.map(({ atLeastMs }) => atLeastMs)),
      atMostMs: spreadOf(durations.map(({ atMostMs }) => atMostMs)),
    },
    audit: audit === 'clean' ? row.audit : audit,
  };
}
