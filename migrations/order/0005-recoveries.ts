import type { Knex } from 'knex';

/**
 * When each kind of recovery last completed a run, and since when it has had work without
 * completing one. The row `look` is the look for all kinds; it is judged from the start.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE recoveries (
      kind VARCHAR(16) NOT NULL,
      wanted_since DATETIME(6) NULL,
      ended_at DATETIME(6) NULL,
      PRIMARY KEY (kind)
    ) ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin`);
  await knex.raw(`INSERT INTO recoveries (kind, ended_at) VALUES ('look', NOW(6))`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE recoveries');
}
