import type { Knex } from 'knex';

/**
 * The events that a service emits (`outbox`) and has received (`inbox`), the same in every service:
 * see activities/events/outbox.ts and inbox.ts. Rows are never deleted, like the barrier's.
 */
const tables = [
  `CREATE TABLE outbox (
    event_id VARCHAR(128) NOT NULL,
    type VARCHAR(32) NOT NULL,
    order_id VARCHAR(64) NOT NULL,
    payload JSON NOT NULL,
    created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    sent_at DATETIME(6) NULL COMMENT 'when every subscriber had its delivery workflow',
    PRIMARY KEY (event_id),
    KEY outbox_unsent (sent_at, created_at),
    KEY outbox_order (order_id)
  ) ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin`,
  `CREATE TABLE inbox (
    event_id VARCHAR(128) NOT NULL,
    reaction VARCHAR(32) NOT NULL,
    type VARCHAR(32) NOT NULL,
    order_id VARCHAR(64) NOT NULL,
    received_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    emitted VARCHAR(128) NULL COMMENT 'the event that the reaction emitted: it has been made',
    tries INT NOT NULL DEFAULT 0 COMMENT 'how often it failed with what may never mend',
    payload JSON NULL COMMENT 'the event, so that it can be released',
    last_error VARCHAR(512) CHARACTER SET utf8mb4 NULL,
    parked_at DATETIME(6) NULL,
    released_at DATETIME(6) NULL,
    released_by VARCHAR(255) CHARACTER SET utf8mb4 NULL,
    release_reason VARCHAR(512) CHARACTER SET utf8mb4 NULL,
    PRIMARY KEY (event_id, reaction),
    KEY inbox_order (order_id),
    KEY inbox_parked (parked_at),
    CONSTRAINT inbox_parked_not_made CHECK (parked_at IS NULL OR emitted IS NULL)
  ) ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin`,
];

export const events: Knex.Migration = {
  async up(knex) {
    for (const table of tables) await knex.raw(table);
  },
  async down(knex) {
    await knex.raw('DROP TABLE inbox, outbox');
  },
};
