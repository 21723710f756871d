import type { Knex } from 'knex';
import { createReservationsTable } from '../reservations-table';

/** What orders placed by TCC hold of the stock before they are confirmed or cancelled. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(createReservationsTable('product_id', 'quantity'));
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE reservations');
}
