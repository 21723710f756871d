import type { Knex } from 'knex';
import { createStepsTable } from '../shared/steps-table';

/**
 * Balances, their append-only ledger and the barrier. No foreign key leads from the ledger to the
 * balances, because its shared locks would upgrade to exclusive ones and deadlock.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE products (
      product_id VARCHAR(64) NOT NULL,
      name VARCHAR(200) CHARACTER SET utf8mb4 NOT NULL,
      price BIGINT NOT NULL,
      available BIGINT NOT NULL,
      reserved BIGINT NOT NULL DEFAULT 0,
      opening BIGINT NOT NULL,
      retired_at DATETIME(6) NULL,
      PRIMARY KEY (product_id),
      CONSTRAINT products_price_positive CHECK (price > 0),
      CONSTRAINT products_available_not_negative CHECK (available >= 0),
      CONSTRAINT products_reserved_not_negative CHECK (reserved >= 0)
    ) ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin`);
  await knex.raw(`
    CREATE TABLE stock_ledger (
      entry_id BIGINT NOT NULL AUTO_INCREMENT,
      order_id VARCHAR(64) NOT NULL,
      product_id VARCHAR(64) NOT NULL,
      kind VARCHAR(16) NOT NULL,
      quantity BIGINT NOT NULL COMMENT 'signed: what it adds to the stock',
      recorded_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
      PRIMARY KEY (entry_id),
      KEY stock_ledger_order (order_id, product_id),
      CONSTRAINT stock_ledger_signed
        CHECK ((kind = 'deduct' AND quantity < 0) OR (kind = 'restore' AND quantity > 0))
    ) ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin`);
  await knex.raw(createStepsTable);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE steps, stock_ledger, products');
}
