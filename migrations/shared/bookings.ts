import type { Knex } from 'knex';
import type { Books } from '../../contracts/participants/definition';

/**
 * Changes of balances that belong to no order: a delivery, a loss, points given, an account closed.
 * This is a separate append-only ledger, so every row of the other one belongs to an order. The
 * reference makes a booking safe to repeat: the second one is refused.
 */
export function bookings({ key, amount, bookings: words }: Books): Knex.Migration {
  return {
    async up(knex) {
      await knex.raw(`
        CREATE TABLE bookings (
          reference VARCHAR(64) NOT NULL COMMENT 'the paper that says so, such as a delivery note',
          ${key} VARCHAR(64) NOT NULL,
          kind VARCHAR(16) NOT NULL,
          ${amount} BIGINT NOT NULL COMMENT 'signed: what it adds to the balance',
          opening BIGINT NULL COMMENT 'of a balance that is closed: its row, and its opening, are gone',
          booked_by VARCHAR(255) CHARACTER SET utf8mb4 NOT NULL,
          reason VARCHAR(512) CHARACTER SET utf8mb4 NOT NULL,
          booked_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
          PRIMARY KEY (reference),
          KEY bookings_balance (${key}),
          CONSTRAINT bookings_signed CHECK (
            (kind = '${words.add}' AND ${amount} > 0 AND opening IS NULL)
            OR (kind = '${words.remove}' AND ${amount} < 0 AND opening IS NULL)
            OR (kind = 'close' AND ${amount} <= 0 AND opening IS NOT NULL))
        ) ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin`);
    },
    async down(knex) {
      await knex.raw('DROP TABLE bookings');
    },
  };
}
