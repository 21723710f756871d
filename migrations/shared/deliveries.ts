import type { Knex } from 'knex';

/**
 * The delivery that an event is in. It is written before the delivery begins, so a relay that takes
 * over hands the same events over under the same name.
 */
export const deliveries: Knex.Migration = {
  async up(knex) {
    await knex.raw(`
      ALTER TABLE outbox
        ADD COLUMN delivery VARCHAR(128) NULL
          COMMENT 'names the workflows that deliver it, before they begin' AFTER created_at,
        ADD KEY outbox_delivery (delivery)`);
  },
  async down(knex) {
    await knex.raw('ALTER TABLE outbox DROP KEY outbox_delivery, DROP COLUMN delivery');
  },
};
