import type { Knex } from 'knex';

/**
 * The order's row has the two columns that make every protocol safe: `owner` (what drives it) and
 * `decision` (COMPLETE or CANCEL; the first writer wins). The CHECKs are the last guard behind
 * both: a terminal status without its decision is a bug that must not reach the disk.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE orders (
      order_id VARCHAR(64) NOT NULL,
      customer_id VARCHAR(64) NOT NULL,
      idempotency_key VARCHAR(255) NOT NULL,
      request_hash VARCHAR(64) NOT NULL,
      status VARCHAR(16) NOT NULL DEFAULT 'CREATED',
      pattern VARCHAR(16) NULL,
      owner VARCHAR(128) NULL,
      decision VARCHAR(8) NULL,
      reason VARCHAR(64) NULL,
      total BIGINT NOT NULL,
      created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
      owned_at DATETIME(6) NULL,
      ended_at DATETIME(6) NULL,
      PRIMARY KEY (order_id),
      UNIQUE KEY orders_idempotency (customer_id, idempotency_key),
      KEY orders_customer (customer_id, order_id),
      KEY orders_unfinished (status, owner, owned_at),
      CONSTRAINT orders_status_known
        CHECK (status IN ('CREATED', 'PLACING', 'PENDING', 'COMPLETED', 'CANCELLED')),
      CONSTRAINT orders_decision_known CHECK (decision IN ('COMPLETE', 'CANCEL')),
      CONSTRAINT orders_completed_decided CHECK (status <> 'COMPLETED' OR decision <=> 'COMPLETE'),
      CONSTRAINT orders_cancelled_decided CHECK (status <> 'CANCELLED' OR decision <=> 'CANCEL'),
      CONSTRAINT orders_total_positive CHECK (total > 0)
    ) ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin`);
  await knex.raw(`
    CREATE TABLE order_lines (
      order_id VARCHAR(64) NOT NULL,
      line_number SMALLINT NOT NULL,
      product_id VARCHAR(64) NOT NULL,
      quantity INT NOT NULL,
      unit_price BIGINT NOT NULL,
      PRIMARY KEY (order_id, line_number),
      CONSTRAINT order_lines_quantity_positive CHECK (quantity > 0)
    ) ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE order_lines, orders');
}
