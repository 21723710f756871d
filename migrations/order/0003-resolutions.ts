import type { Knex } from 'knex';

/**
 * The audit trail of operators' resolutions: who did what with a PENDING order, when, why, and with
 * which outcome. Its ids also number them, so a participant can tell a newer one from an older one
 * that comes late. A row without an outcome is an open resolution. A refused one hands the order
 * back to `owner_before`.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE resolutions (
      resolution_id BIGINT NOT NULL AUTO_INCREMENT,
      workflow_id VARCHAR(128) NOT NULL,
      order_id VARCHAR(64) NOT NULL,
      owner_before VARCHAR(128) NULL,
      operator VARCHAR(255) CHARACTER SET utf8mb4 NOT NULL,
      action VARCHAR(16) NOT NULL,
      reason VARCHAR(512) CHARACTER SET utf8mb4 NOT NULL,
      outcome VARCHAR(32) NULL,
      requested_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
      ended_at DATETIME(6) NULL,
      PRIMARY KEY (resolution_id),
      UNIQUE KEY resolutions_workflow (workflow_id),
      KEY resolutions_order (order_id),
      CONSTRAINT resolutions_action_known CHECK (action IN ('confirm', 'cancel', 'retry'))
    ) ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE resolutions');
}
