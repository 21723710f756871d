import type { Knex } from 'knex';
import {
  recoveryKinds,
  recoveryOverdueMs,
  type LookResult,
  type OverdueRecovery,
  type RecoveryAges,
  type RecoveryKind,
} from '../../contracts/recovery';
import { compensationSteps } from '../../contracts/participants';
import { findOrphans, type AskOwners } from './adoption';
import { dueCompensations } from './compensation-queue';
import { findUnconfirmed } from './resolutions';

/** The order service's part in recovery: what work there is, and when each kind last ran. */

/** How many owners a look checks with Temporal at once. */
const ownersAtOnce = 500;

/**
 * Answers which kinds of recovery have work in the order service. Each call checks owners for a few
 * seconds, and the next call continues where it stopped. So every owner gets its turn, however many
 * are busy.
 */
export function createOrderWork(
  knex: Knex,
  ask: AskOwners,
): (ages: RecoveryAges) => Promise<RecoveryKind[]> {
  let afterOwner = '';
  const hasOrphans = async (olderThanMs: number) => {
    const query = { olderThanMs, afterOwner, limit: ownersAtOnce };
    const { orphans, lastOwner } = await findOrphans(knex, ask, query);
    // Checks found orphans again next time, so they count as work until a run has adopted them.
    if (orphans.length === 0) afterOwner = lastOwner ?? '';
    return orphans.length > 0;
  };
  const hasDue = async () => {
    const first = { after: null, limit: 1 };
    const pages = await Promise.all(
      compensationSteps.map((step) => dueCompensations(knex, { ...first, step })),
    );
    return pages.some(({ orders }) => orders.length > 0);
  };
  const hasUnconfirmed = async (olderThanMs: number) =>
    (await findUnconfirmed(knex, { olderThanMs, afterOrder: '', limit: 1 })).length > 0;
  return async ({ adoptAfterMs, forceAfterMs }) => {
    const has: [RecoveryKind, boolean][] = [
      ['adoption', await hasOrphans(adoptAfterMs)],
      ['drain', await hasDue()],
      ['force', await hasUnconfirmed(forceAfterMs)],
    ];
    return has.flatMap(([kind, wanted]) => (wanted ? [kind] : []));
  };
}

/** Records the end of a look, and since when each kind has had work without completing a run. */
export async function noteLook(knex: Knex, found: LookResult): Promise<void> {
  const now = knex.fn.now(6);
  const kinds = recoveryKinds.flatMap((kind) => {
    const wanted = found[kind];
    return wanted === undefined
      ? []
      : [{ kind, wanted_since: wanted ? now : null, ended_at: null }];
  });
  await knex('recoveries')
    .insert([{ kind: 'look', wanted_since: null, ended_at: now }, ...kinds])
    .onConflict('kind')
    .merge({
      wanted_since: knex.raw(
        'IF(VALUES(wanted_since) IS NULL, NULL, COALESCE(wanted_since, VALUES(wanted_since)))',
      ),
      ended_at: knex.raw('COALESCE(VALUES(ended_at), ended_at)'),
    });
}

/** Records the end of a run. The next look finds any remaining work. */
export async function noteRecovery(knex: Knex, kind: RecoveryKind): Promise<void> {
  await knex('recoveries')
    .insert({ kind, wanted_since: null, ended_at: knex.fn.now(6) })
    .onConflict('kind')
    .merge();
}

/**
 * The kinds that have had work for too long without completing a run, the longest first. Normally
 * none.
 */
export async function overdueRecoveries(knex: Knex, msMax: number): Promise<OverdueRecovery[]> {
  const rows = await knex('recoveries')
    .select<{ kind: OverdueRecovery['kind']; for_ms: number }[]>(
      'kind',
      knex.raw(
        `TIMESTAMPDIFF(MICROSECOND, IF(kind = 'look', ended_at, wanted_since), NOW(6)) DIV 1000
         AS for_ms`,
      ),
    )
    .having('for_ms', '>', recoveryOverdueMs)
    .orderBy('for_ms', 'desc')
    .timeout(msMax);
  return rows.map(({ kind, for_ms: forMs }) => ({ kind, forMs }));
}
