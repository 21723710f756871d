import type { Knex } from 'knex';
import { createStepsTable } from '../shared/steps-table';

/** Balances, their append-only ledger and the barrier, as in the product service. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE point_accounts (
      customer_id VARCHAR(64) NOT NULL,
      available BIGINT NOT NULL,
      reserved BIGINT NOT NULL DEFAULT 0,
      opening BIGINT NOT NULL,
      PRIMARY KEY (customer_id),
      CONSTRAINT point_accounts_available_not_negative CHECK (available >= 0),
      CONSTRAINT point_accounts_reserved_not_negative CHECK (reserved >= 0)
    ) ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin`);
  await knex.raw(`
    CREATE TABLE point_ledger (
      entry_id BIGINT NOT NULL AUTO_INCREMENT,
      order_id VARCHAR(64) NOT NULL,
      customer_id VARCHAR(64) NOT NULL,
      kind VARCHAR(16) NOT NULL,
      points BIGINT NOT NULL COMMENT 'signed: what it adds to the account',
      recorded_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
      PRIMARY KEY (entry_id),
      KEY point_ledger_order (order_id),
      CONSTRAINT point_ledger_signed
        CHECK ((kind = 'use' AND points < 0) OR (kind = 'refund' AND points > 0))
    ) ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin`);
  await knex.raw(createStepsTable);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE steps, point_ledger, point_accounts');
}
