import type { Knex } from 'knex';
import * as orders from './order/0001-orders';
import * as compensations from './order/0002-compensations';
import * as points from './point/0001-points';
import * as stock from './product/0001-stock';

/** In the order in which they are applied. A migration that has landed is never edited. */
const migrations: Record<string, Record<string, Knex.Migration>> = {
  order: { '0001-orders': orders, '0002-compensations': compensations },
  product: { '0001-stock': stock },
  point: { '0001-points': points },
};

/** Knex's view of one service's migrations; imported, so that no loader meets TypeScript. */
export function migrationSource(service: string): Knex.MigrationSource<string> {
  const own = migrations[service];
  if (!own) throw new Error(`No migrations for a service named ${service}`);
  return {
    getMigrations: () => Promise.resolve(Object.keys(own)),
    getMigrationName: (name) => name,
    getMigration: (name) => {
      const migration = own[name];
      if (!migration) throw new Error(`No migration ${name} in ${service}`);
      return Promise.resolve(migration);
    },
  };
}
