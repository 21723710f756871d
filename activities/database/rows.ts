import type { Knex } from 'knex';

/** Reads the rows of a raw statement. The caller states their type, and nothing checks it. */
export async function rowsOf<R>(
  knex: Knex,
  sql: string,
  bindings: readonly Knex.RawBinding[] = [],
): Promise<R[]> {
  const [rows] = (await knex.raw(sql, bindings)) as [R[]];
  return rows;
}

/** Begins a query that finds its rows by this index, and so locks no others. */
export function byIndex<T extends Knex.TableNames>(knex: Knex, table: T, index = 'PRIMARY') {
  return knex<Knex.TableType<T>>(knex.raw(`${table} FORCE INDEX (${index})`));
}
