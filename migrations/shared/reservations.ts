import type { Knex } from 'knex';
import type { Books } from '../../contracts/participants/definition';

/**
 * What orders placed by TCC hold of a participant's balances before they are confirmed or cancelled:
 * see activities/participant/tcc.ts.
 * What is `reserved` or `frozen` is part of the balance's `reserved`, whose sum the auditor proves.
 * `resolution` fences operators' resolutions off from each other: see `freeze` there.
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
