import type { Knex } from 'knex';
import { createBookingsTable } from '../bookings-table';

/** What moves a balance and is no order's. */
export async function up(knex: Knex): Promise<void> {
  const columns = { key: 'customer_id', amount: 'points' };
  await knex.raw(createBookingsTable(columns, { add: 'grant', remove: 'withdraw' }));
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE bookings');
}
