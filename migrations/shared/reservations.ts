import type { Knex } from 'knex';
import type { Books } from '../../contracts/participants/definition';

/**
 * The parts of a participant's balances that TCC orders reserve before they are confirmed or
 * cancelled: see activities/participant/tcc.ts. Rows in state `reserved` or `frozen` add up to the
 * balance's `reserved`, which the auditor proves. `resolution` separates operators' resolutions
 * from each other: see `freeze` there.
 */
export function reservations({ key, amount }: Books): Knex.Migration {
  return {
    async up(knex) {
      await knex.raw(`
        CREATE TABLE reservations (
          order_id VARCHAR(64) NOT NULL,
          ${key} VARCHAR(64) NOT NULL,
          ${amount} BIGINT NOT NULL,
          state VARCHAR(16) NOT NULL DEFAULT 'reserved',
          resolution BIGINT NOT NULL DEFAULT 0,
          reserved_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
          PRIMARY KEY (order_id, ${key}),
          KEY reservations_open (state, order_id, reserved_at),
          CONSTRAINT reservations_positive CHECK (${amount} > 0),
          CONSTRAINT reservations_state_known
            CHECK (state IN ('reserved', 'frozen', 'confirmed', 'cancelled'))
        ) ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin`);
    },
    async down(knex) {
      await knex.raw('DROP TABLE reservations');
    },
  };
}
