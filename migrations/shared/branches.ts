import type { Knex } from 'knex';

/**
 * The XA branches of a participant: what is prepared, for which order, and since when. A row is
 * committed before its branch begins: once the preparing session has gone, the server names neither
 * the order nor the locked rows. `ended_as` is NULL until the branch is known to have ended.
 */
export const branches: Knex.Migration = {
  async up(knex) {
    await knex.raw(`
      CREATE TABLE xa_branches (
        order_id VARCHAR(64) NOT NULL,
        gtrid CHAR(64) NOT NULL COMMENT 'hexadecimal, as XA RECOVER shows it',
        participant VARCHAR(16) NOT NULL COMMENT 'the bqual',
        hash VARCHAR(64) NOT NULL,
        locked_rows JSON NOT NULL,
        started_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
        ended_at DATETIME(6) NULL,
        ended_as VARCHAR(24) NULL,
        PRIMARY KEY (order_id),
        UNIQUE KEY xa_branches_gtrid (gtrid),
        KEY xa_branches_open (ended_as, started_at),
        CONSTRAINT xa_branches_ended_known CHECK (ended_as IN
          ('committed', 'rolled-back', 'rejected', 'heuristic-commit', 'heuristic-rollback')),
        CONSTRAINT xa_branches_ended_whole CHECK ((ended_at IS NULL) = (ended_as IS NULL))
      ) ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin`);
  },
  async down(knex) {
    await knex.raw('DROP TABLE xa_branches');
  },
};
