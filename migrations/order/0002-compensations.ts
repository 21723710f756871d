import type { Knex } from 'knex';

/** The compensation registry, and the alerts that go with it. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE compensations (
      order_id VARCHAR(64) NOT NULL,
      step VARCHAR(32) NOT NULL,
      status VARCHAR(8) NOT NULL DEFAULT 'PENDING',
      attempts INT NOT NULL DEFAULT 0,
      next_retry_at DATETIME(6) NOT NULL,
      last_error VARCHAR(512) CHARACTER SET utf8mb4 NOT NULL,
      created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
      done_at DATETIME(6) NULL,
      PRIMARY KEY (order_id, step),
      KEY compensations_due (status, next_retry_at),
      CONSTRAINT compensations_status_known CHECK (status IN ('PENDING', 'DONE'))
    ) ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin`);
  await knex.raw(`
    CREATE TABLE alerts (
      alert_id BIGINT NOT NULL AUTO_INCREMENT,
      kind VARCHAR(64) NOT NULL,
      order_id VARCHAR(64) NOT NULL,
      runbook VARCHAR(128) NOT NULL,
      detail VARCHAR(512) CHARACTER SET utf8mb4 NOT NULL,
      raised_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
      resolved_at DATETIME(6) NULL,
      PRIMARY KEY (alert_id),
      UNIQUE KEY alerts_order_kind (order_id, kind),
      KEY alerts_open (resolved_at, raised_at)
    ) ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE alerts, compensations');
}
