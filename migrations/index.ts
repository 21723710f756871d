import type { Knex } from 'knex';
import * as orders from './order/0001-orders';
import * as compensations from './order/0002-compensations';
import * as resolutions from './order/0003-resolutions';
import * as orderEvents from './order/0004-events';
import * as recoveries from './order/0005-recoveries';
import * as points from './point/0001-points';
import * as pointBranches from './point/0002-branches';
import * as pointReservations from './point/0003-reservations';
import * as pointEvents from './point/0004-events';
import * as pointBookings from './point/0005-bookings';
import * as stock from './product/0001-stock';
import * as stockBranches from './product/0002-branches';
import * as stockReservations from './product/0003-reservations';
import * as productEvents from './product/0004-events';
import * as productBookings from './product/0005-bookings';

/** In the order in which they are applied. A migration that has landed is never edited. */
const migrations: Record<string, Record<string, Knex.Migration>> = {
  order: {
    '0001-orders': orders,
    '0002-compensations': compensations,
    '0003-resolutions': resolutions,
    '0004-events': orderEvents,
    '0005-recoveries': recoveries,
  },
  product: {
    '0001-stock': stock,
    '0002-branches': stockBranches,
    '0003-reservations': stockReservations,
    '0004-events': productEvents,
    '0005-bookings': productBookings,
  },
  point: {
    '0001-points': points,
    '0002-branches': pointBranches,
    '0003-reservations': pointReservations,
    '0004-events': pointEvents,
    '0005-bookings': pointBookings,
  },
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
