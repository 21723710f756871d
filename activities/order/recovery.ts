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
import { due } from './registry';
import { unconfirmed } from './resolutions';

/** What the order service knows of recovery: what there is to do, and when it was last done. */

/** Owners that a look asks Temporal about at once. */
const ownersAtOnce = 500;

/**
 * Says which kinds of recovery have something to do in the order service. Owners are looked at for
 * a few seconds a call, and the next call goes on where this one stopped: however many owners are
 * busy, each is looked at in its turn.
 */
export function createOrderWork(
  knex: Knex,
  ask: AskOwners,
): (ages: RecoveryAges) => Promise<RecoveryKind[]> {
  let afterOwner = '';
  const hasOrphans = async (olderThanMs: number) => {
    const query = { olderThanMs, afterOwner, limit: ownersAtOnce };
    const { orphans, lastOwner } = await findOrphans(knex, ask, query);
    // What was found is looked at again, so that it counts as work until somebody has adopted it.
    if (orphans.length === 0) afterOwner = lastOwner ?? '';
    return orphans.length > 0;
  };
  const hasDue = async () => {
    const first = { after: null, limit: 1 };
    const pages = await Promise.all(compensationSteps.map((step) => due(knex, { ...first, step })));
    return pages.some(({ orders }) => orders.length > 0);
  };
  const hasUnconfirmed = async (olderThanMs: number) =>
    (await unconfirmed(knex, { olderThanMs, afterOrder: '', limit: 1 })).length > 0;
  return async ({ adoptAfterMs, forceAfterMs }) => {
    const has: [RecoveryKind, boolean][] = [
      ['adoption', await hasOrphans(adoptAfterMs)],
      ['drain', await hasDue()],
      ['force', await hasUnconfirmed(forceAfterMs)],
    ];
    return has.flatMap(([kind, wanted]) => (wanted ? [kind] : []));
  };
}

/** Records the end of a look, and since when each kind has had work without ending a run. */
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

/** Records the end of a run: what is left is for the next look to find. */
export async function noteRecovery(knex: Knex, kind: RecoveryKind): Promise<void> {
  await knex('recoveries')
    .insert({ kind, wanted_since: null, ended_at: knex.fn.now(6) })
    .onConflict('kind')
    .merge();
}

/** What has had work for too long without ending a run, the longest first; nothing is as it should be. */
export async function overdueRecoveries(knex: Knex, msMax: number): Promise<OverdueRecovery[]> {
  const rows = (await knex('recoveries')
    .select('kind')
    .select(
      knex.raw(
        `TIMESTAMPDIFF(MICROSECOND, IF(kind = 'look', ended_at, wanted_since), NOW(6)) DIV 1000
         AS for_ms`,
      ),
    )
    .having('for_ms', '>', recoveryOverdueMs)
    .orderBy('for_ms', 'desc')
    .timeout(msMax)) as { kind: OverdueRecovery['kind']; for_ms: number }[];
  return rows.map(({ kind, for_ms: forMs }) => ({ kind, forMs }));
}
