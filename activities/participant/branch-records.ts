import type { Knex } from 'knex';
import { rowCount, text } from '../database/parameters';
import type { Row } from '../database/tables';

/** A branch that holds its locks until it ends, or that was ended against the decision. */
export interface BranchRecord {
  orderId: string;
  /** The rows that the branch changes and locks: `table key`. */
  lockedRows: string[];
  since: Date;
  ageMs: number;
  /** Someone ended it by hand against the decision. It locks nothing any more. */
  heuristic: boolean;
}

const unsettled = `(ended_as IS NULL OR ended_as IN ('heuristic-commit', 'heuristic-rollback'))`;

/** The branches that are not known to have ended, oldest first, of one order or of all. */
export async function readBranchRecords(
  knex: Knex,
  msMax: number,
  { orderId, limit }: { orderId?: string; limit: number },
): Promise<BranchRecord[]> {
  const found = knex('xa_branches')
    .select<(Row<'xa_branches'> & { age_ms: number })[]>(
      'order_id',
      'locked_rows',
      'started_at',
      'ended_as',
      knex.raw('TIMESTAMPDIFF(MICROSECOND, started_at, CURRENT_TIMESTAMP(6)) DIV 1000 age_ms'),
    )
    .whereRaw(unsettled)
    .orderBy('started_at')
    .limit(rowCount(limit))
    .timeout(msMax);
  if (orderId !== undefined) void found.where('order_id', text(orderId));
  return (await found).map((row) => ({
    orderId: row.order_id,
    lockedRows: row.locked_rows,
    since: row.started_at,
    ageMs: Math.max(0, row.age_ms),
    heuristic: row.ended_as !== null,
  }));
}
