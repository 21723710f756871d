import type { Knex } from 'knex';
import { createXaBranchesTable } from '../xa-branches-table';

/** What is prepared, for which order, and since when. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(createXaBranchesTable);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE xa_branches');
}
