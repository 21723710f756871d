import type { Knex } from 'knex';
import { rowsOf } from '../../activities/database/rows';

/** A statement as it was sent, and what sent it. */
export interface Statement {
  from: string;
  sql: string;
  bindings: Knex.RawBinding[];
}

/** What is wrong with a statement's plan. */
export interface BadPlan {
  from: string;
  sql: string;
  faults: string[];
}

/** Listens to every statement of these pools; `sentBy` names what runs at the moment. */
export class Recorder {
  readonly statements: Statement[] = [];
  private from = '';

  listen(knex: Knex): Knex {
    knex.on('query', ({ sql, bindings }: { sql: string; bindings?: Knex.RawBinding[] }) => {
      if (!/^\s*(SELECT|UPDATE|INSERT|DELETE)/i.test(sql)) return;
      this.statements.push({ from: this.from, sql, bindings: [...(bindings ?? [])] });
    });
    return knex;
  }

  async sentBy(what: string, run: () => Promise<unknown>): Promise<void> {
    this.from = what;
    const before = this.statements.length;
    await run();
    if (this.statements.length === before) throw new Error(`${what} sent no statement`);
  }
}

/** One statement of each form, so that each is explained once per list size. */
export function distinct(statements: readonly Statement[]): Statement[] {
  const forms = new Map(statements.map((statement) => [statement.sql, statement]));
  return [...forms.values()];
}

/** Explains each statement, and answers those whose plan reads a whole table or sorts. */
export async function badPlans(knex: Knex, statements: readonly Statement[]): Promise<BadPlan[]> {
  return knex.transaction(async (trx) => {
    // Version 2 of the format differs; servers before 8.3 do not have this variable.
    await trx.raw('SET SESSION explain_json_format_version = 1').catch(() => undefined);
    const found: BadPlan[] = [];
    for (const { from, sql, bindings } of statements) {
      const rows = await rowsOf<{ EXPLAIN: string }>(trx, `EXPLAIN FORMAT=JSON ${sql}`, bindings);
      const all = faultsIn(JSON.parse(rows[0]?.EXPLAIN ?? '{}'));
      const faults = [...new Set(all)].filter((fault) => !isAccepted(sql, fault));
      if (faults.length > 0) found.push({ from, sql: shorten(sql), faults });
    }
    return found;
  });
}

/**
 * Allowed: reading an index in order until the LIMIT is reached, and sorting rows that the caller
 * requested by id, which are at most a batch.
 */
function isAccepted(sql: string, fault: string): boolean {
  if (fault.startsWith('index of')) return /^select .* limit \?$/.test(sql);
  if (fault !== 'filesort') return false;
  const isOfBatch = / order by `orders`\.`order_id` asc, `line_number` asc$/.test(sql);
  return isOfBatch || / and `owner` in \(.*\) order by `order_id` asc$/.test(sql);
}

/** Walks the plan. It lists an INSERT's target as read, although the server does not read it. */
function faultsIn(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(faultsIn);
  if (typeof node !== 'object' || node === null) return [];
  const plan = node as Record<string, unknown>;
  const inner = Object.values(plan).flatMap(faultsIn);
  if (plan['using_filesort'] === true) inner.push('filesort');
  const isWhole = plan['access_type'] === 'ALL' || plan['access_type'] === 'index';
  // A derived table of VALUES belongs to the statement, which reads all of it on purpose.
  const isOwn = plan['insert'] === true || 'materialized_from_subquery' in plan;
  if (isWhole && !isOwn) {
    inner.push(`${String(plan['access_type'])} of ${String(plan['table_name'])}`);
  }
  return inner;
}

/** Lists of any length get the same form. */
function shorten(sql: string): string {
  return sql
    .replace(/\s+/g, ' ')
    .replace(/(\([?, ]+\)|\?|ROW\([^R]*\))(, (\([?, ]+\)|\?|ROW\([^R]*\)))+/g, '$1, …');
}
