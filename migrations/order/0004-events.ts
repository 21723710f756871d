import type { Knex } from 'knex';
import { createEventTables } from '../event-tables';

/** What this service says to the others, and what it has heard of them. */
export async function up(knex: Knex): Promise<void> {
  for (const table of createEventTables) await knex.raw(table);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE inbox, outbox');
}
