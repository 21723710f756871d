import type { Knex } from 'knex';
import type { BranchQuery, FoundBranches, OpenBranch } from '../../contracts/branches';
import { participants } from '../../contracts/participants';
import type { EndedAs, Row } from '../database/tables';
import {
  hasOurForm,
  listPrepared,
  type PreparedBranch,
  type XaConnections,
} from './branch-connection';

/**
 * The table `xa_branches` records what the server cannot tell: a branch's order, its start, and the
 * rows it locks. It is written outside the branches, so it can be read while they are open.
 */

interface BranchNote {
  orderId: string;
  gtrid: string;
  participant: string;
  hash: string;
  lockedRows: string[];
}

/**
 * Records a branch, in a committed transaction, before it begins. Answers the hash recorded first.
 */
export async function noteBranch(
  knex: Knex,
  { orderId, gtrid, participant, hash, lockedRows }: BranchNote,
): Promise<{ hash: string }> {
  // A branch that begins again after it ended, as in a repeat, gets a new start time.
  await knex.raw(
    `INSERT INTO xa_branches (order_id, gtrid, participant, hash, locked_rows)
     VALUES (?, ?, ?, ?, ?)
     ON DUPLICATE KEY UPDATE
       started_at = IF(ended_as IS NULL, started_at, CURRENT_TIMESTAMP(6)),
       ended_at = NULL, ended_as = NULL`,
    [orderId, gtrid, participant, hash, JSON.stringify(lockedRows)],
  );
  const row = await knex('xa_branches').where('order_id', orderId).first('hash');
  if (!row) throw new Error(`The branch of order ${orderId} was not recorded`);
  return row;
}

/** Records how a branch ended. A heuristic end may be corrected later. */
export async function endBranch(knex: Knex, orderId: string, as: EndedAs): Promise<void> {
  await knex('xa_branches')
    .where('order_id', orderId)
    .whereRaw(`(ended_as IS NULL OR ended_as IN ('heuristic-commit', 'heuristic-rollback'))`)
    .update({ ended_at: knex.fn.now(6), ended_as: as });
}

interface NoteRow extends Pick<Row<'xa_branches'>, 'order_id' | 'gtrid'> {
  age_ms: number;
}

/**
 * This installation's branches: all that are prepared, and those recorded as begun and not as
 * ended. A branch belongs to this installation if its gtrid can be derived; all other prepared
 * branches belong to other programs.
 */
export async function findBranches(
  knex: Knex,
  { recovery, gtridOf }: XaConnections,
  participant: string,
  { olderThanMs, afterOrder, limit }: BranchQuery,
): Promise<FoundBranches> {
  const prepared = await listPrepared(recovery);
  const candidates = prepared.filter((branch) => hasOurForm(branch, participant));
  const open = await notesOf(knex)
    .whereNull('ended_as')
    .where('order_id', '>', afterOrder)
    .where('started_at', '<=', knex.raw('NOW(6) - INTERVAL ? MICROSECOND', [olderThanMs * 1_000]))
    .orderBy('order_id')
    .limit(limit);
  const noted = await notesOf(knex).whereIn(
    'gtrid',
    candidates.map(({ gtrid }) => gtrid),
  );
  const isOurs = (row: NoteRow) => row.gtrid === gtridOf(row.order_id);
  const ours = new Map([...open, ...noted].filter(isOurs).map((row) => [row.gtrid, row]));
  const own = [...ours.values()]
    .filter((row) => row.age_ms >= olderThanMs && row.order_id > afterOrder)
    .sort((a, b) => (a.order_id < b.order_id ? -1 : 1))
    .slice(0, limit);
  const isFirstPage = afterOrder === '';
  return {
    own: own.map((row) => ({ orderId: row.order_id, ageMs: row.age_ms })),
    others: prepared
      .filter(
        (branch) => isFirstPage && !ours.has(branch.gtrid) && !isSiblings(branch, participant),
      )
      .map(({ formatId, gtrid, bqual }) => `${String(formatId)} ${gtrid} ${bqual}`),
  };
}

/** This installation's branches that are prepared now. Each holds its locks. */
export async function ownPrepared(
  knex: Knex,
  { recovery, gtridOf }: Pick<XaConnections, 'recovery' | 'gtridOf'>,
  participant: string,
): Promise<OpenBranch[]> {
  const candidates = (await listPrepared(recovery)).filter((one) => hasOurForm(one, participant));
  if (candidates.length === 0) return [];
  const gtrids = candidates.map(({ gtrid }) => gtrid);
  const noted = await notesOf(knex).whereIn('gtrid', gtrids);
  const ours = noted.filter((row) => row.gtrid === gtridOf(row.order_id));
  return ours.map((row) => ({ orderId: row.order_id, ageMs: row.age_ms }));
}

function notesOf(knex: Knex) {
  return knex('xa_branches').select<NoteRow[]>(
    'order_id',
    'gtrid',
    knex.raw('TIMESTAMPDIFF(MICROSECOND, started_at, CURRENT_TIMESTAMP(6)) DIV 1000 age_ms'),
  );
}

/** Participants on one server see each other's branches; each knows only its own. */
function isSiblings(branch: PreparedBranch, participant: string): boolean {
  return participants.some(({ name }) => name !== participant && hasOurForm(branch, name));
}
