import type { Knex } from 'knex';
import { byParticipant } from '../contracts/participants';
import type { ParticipantName, Service } from '../contracts/participants';
import type { Books } from '../contracts/participants/definition';
import * as orders from './order/0001-orders';
import * as compensations from './order/0002-compensations';
import * as resolutions from './order/0003-resolutions';
import * as recoveries from './order/0005-recoveries';
import * as waitsFor from './order/0006-waits-for';
import * as points from './point/0001-points';
import * as stock from './product/0001-stock';
import { bookings } from './shared/bookings';
import { books } from './shared/books';
import { branches } from './shared/branches';
import { deliveries } from './shared/deliveries';
import { events } from './shared/events';
import { reservations } from './shared/reservations';

/** By name, in the order of application. A landed migration is never edited. */
type Migrations = Record<string, Knex.Migration>;

/** The first migrations of participants whose tables differ from the generated ones. */
const firsts: Partial<Record<ParticipantName, Migrations>> = {
  product: { '0001-stock': stock },
  point: { '0001-points': points },
};

/** A participant's migrations, derived from its books. */
export function participantMigrations(
  own: Books,
  first: Migrations = { '0001-books': books(own) },
): Migrations {
  return {
    ...first,
    '0002-branches': branches,
    '0003-reservations': reservations(own),
    '0004-events': events,
    '0005-bookings': bookings(own),
    '0006-deliveries': deliveries,
  };
}

const migrations: Record<Service, Migrations> = {
  order: {
    '0001-orders': orders,
    '0002-compensations': compensations,
    '0003-resolutions': resolutions,
    '0004-events': events,
    '0005-recoveries': recoveries,
    '0006-waits-for': waitsFor,
    '0007-deliveries': deliveries,
  },
  ...byParticipant(({ name, books: own }) => participantMigrations(own, firsts[name])),
};

/** Knex's view of one service's migrations. */
export function migrationSource(service: Service): Knex.MigrationSource<string> {
  return sourceOf(migrations[service]);
}

/** Knex's view of these migrations. They are imported, so Knex's loader meets no TypeScript. */
export function sourceOf(own: Migrations): Knex.MigrationSource<string> {
  return {
    getMigrations: () => Promise.resolve(Object.keys(own)),
    getMigrationName: (name) => name,
    getMigration: (name) => {
      const migration = own[name];
      if (!migration) throw new Error(`The migration ${name} does not exist`);
      return Promise.resolve(migration);
    },
  };
}
