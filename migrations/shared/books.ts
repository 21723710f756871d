import type { Knex } from 'knex';
import type { Books } from '../../contracts/participants/definition';
import { createStepsTable } from './steps-table';

/**
 * The balances of a participant that has no first migration of its own, their append-only ledger
 * and the barrier. No foreign key leads from the ledger to the balances, because its shared locks
 * would upgrade to exclusive ones and deadlock.
 */
export function books({ balances, ledger, key, amount, taking, returning }: Books): Knex.Migration {
  return {
    async up(knex) {
      await knex.raw(`
        CREATE TABLE ${balances} (
          ${key} VARCHAR(64) NOT NULL,
          available BIGINT NOT NULL,
          reserved BIGINT NOT NULL DEFAULT 0,
          opening BIGINT NOT NULL,
          PRIMARY KEY (${key}),
          CONSTRAINT ${balances}_available_not_negative CHECK (available >= 0),
          CONSTRAINT ${balances}_reserved_not_negative CHECK (reserved >= 0)
        ) ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin`);
      await knex.raw(`
        CREATE TABLE ${ledger} (
          entry_id BIGINT NOT NULL AUTO_INCREMENT,
          order_id VARCHAR(64) NOT NULL,
          ${key} VARCHAR(64) NOT NULL,
          kind VARCHAR(16) NOT NULL,
          ${amount} BIGINT NOT NULL COMMENT 'signed: what it adds to the balance',
          recorded_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
          PRIMARY KEY (entry_id),
          KEY ${ledger}_order (order_id, ${key}),
          CONSTRAINT ${ledger}_signed CHECK (
            (kind = '${taking}' AND ${amount} < 0) OR (kind = '${returning}' AND ${amount} > 0))
        ) ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin`);
      await knex.raw(createStepsTable);
    },
    async down(knex) {
      await knex.raw(`DROP TABLE steps, ${ledger}, ${balances}`);
    },
  };
}
