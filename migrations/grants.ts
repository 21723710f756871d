import type { RegisteredParticipant, Service } from '../contracts/participants';
import { participants } from '../contracts/participants';

/**
 * Least privilege: what each database user is given. What is taken out of this table has to be
 * revoked by hand where an earlier build has given it. Ledgers are append-only
 * because nobody below may update or delete their rows; the barrier's rows are never deleted.
 * `SELECT … FOR UPDATE` needs UPDATE on some column of the table, which each locker has.
 */
interface UserGrants {
  /** At most 32 characters, MySQL's limit. */
  user: string;
  service: Service;
  /** `server` is the whole server; nobody is given a whole database. */
  grants: { table: string; privileges: string }[];
}

const stepsGrant = { table: 'steps', privileges: 'SELECT, INSERT, UPDATE (order_id, outcome)' };

const branchesGrant = {
  table: 'xa_branches',
  privileges: 'SELECT, INSERT, UPDATE (started_at, ended_at, ended_as)',
};

/** Without the gtrid: a user who knows one may commit or roll back its branch. */
const branchesView = {
  table: 'xa_branches',
  privileges: 'SELECT (order_id, participant, locked_rows, started_at, ended_at, ended_as)',
};

const reservationsGrant = {
  table: 'reservations',
  privileges: 'SELECT, INSERT, UPDATE (state, resolution)',
};
/** What was said is never changed, only marked as sent; neither it nor what was heard is deleted. */
const eventGrants = [
  { table: 'outbox', privileges: 'SELECT, INSERT, UPDATE (event_id, sent_at)' },
  {
    table: 'inbox',
    privileges:
      'SELECT, INSERT, UPDATE (event_id, emitted, tries, payload, last_error, parked_at, ' +
      'released_at, released_by, release_reason)',
  },
];
/** The API shows operators what is parked. */
const inboxReader = { table: 'inbox', privileges: 'SELECT' };

const eventTables = ['outbox', 'inbox'];
const participantTables = ['steps', 'reservations', 'bookings', ...eventTables];

/**
 * Reads what it proves. Table by table, because of a whole database it would read the gtrids too:
 * a user who only reads could then end anybody's branch.
 */
const auditor = (service: Service, tables: string[]): UserGrants => ({
  user: 'auditor',
  service,
  grants: [
    ...tables.map((table) => ({ table, privileges: 'SELECT' })),
    ...(service === 'order' ? [] : [branchesView]),
  ],
});

/** Its process's user, which changes balances; and the API's, which reads them. */
const workerAndReader = ({ name, books }: RegisteredParticipant): UserGrants[] => [
  {
    user: `${name}_worker`,
    service: name,
    grants: [
      { table: books.balances, privileges: 'SELECT, UPDATE (available, reserved)' },
      { table: books.ledger, privileges: 'SELECT, INSERT' },
      reservationsGrant,
      stepsGrant,
      branchesGrant,
      ...eventGrants,
    ],
  },
  {
    user: `${name}_reader`,
    service: name,
    grants: [
      { table: books.balances, privileges: 'SELECT' },
      { table: 'steps', privileges: 'SELECT' },
      branchesView,
      inboxReader,
    ],
  },
];

/** Sees and ends what is prepared on its server, and can read no table. */
const recovery = ({ name }: RegisteredParticipant): UserGrants => ({
  user: `${name}_recovery`,
  service: name,
  grants: [{ table: 'server', privileges: 'XA_RECOVER_ADMIN' }],
});

const lockWorker = ({ name, books }: RegisteredParticipant): UserGrants => ({
  user: 'lock_worker',
  service: name,
  grants: [
    { table: books.balances, privileges: 'SELECT, UPDATE (available)' },
    { table: books.ledger, privileges: 'INSERT' },
  ],
});

export const databaseUsers: UserGrants[] = [
  {
    user: 'order_api',
    service: 'order',
    grants: [
      {
        table: 'orders',
        privileges:
          'SELECT, INSERT, UPDATE (status, pattern, owner, decision, reason, waits_for, owned_at, ' +
          'ended_at)',
      },
      { table: 'order_lines', privileges: 'SELECT, INSERT' },
      { table: 'alerts', privileges: 'SELECT' },
      { table: 'recoveries', privileges: 'SELECT' },
      { table: 'resolutions', privileges: 'SELECT' },
      { table: 'outbox', privileges: 'INSERT' },
      inboxReader,
    ],
  },
  {
    user: 'order_worker',
    service: 'order',
    grants: [
      {
        table: 'orders',
        privileges:
          'SELECT, UPDATE (status, owner, decision, reason, waits_for, owned_at, ended_at)',
      },
      { table: 'order_lines', privileges: 'SELECT' },
      { table: 'compensations', privileges: 'SELECT, INSERT, UPDATE' },
      { table: 'alerts', privileges: 'SELECT, INSERT, UPDATE' },
      {
        table: 'resolutions',
        privileges: 'SELECT, INSERT, UPDATE (outcome, ended_at)',
      },
      {
        table: 'recoveries',
        privileges: 'SELECT, INSERT, UPDATE (kind, wanted_since, ended_at)',
      },
      ...eventGrants,
    ],
  },
  ...participants.flatMap(workerAndReader),
  // The baseline before services: its one transaction reaches all databases, on one server.
  {
    user: 'lock_worker',
    service: 'order',
    grants: [
      {
        table: 'orders',
        privileges: 'SELECT, UPDATE (status, decision, reason, waits_for, ended_at)',
      },
      { table: 'compensations', privileges: 'SELECT' },
      { table: 'alerts', privileges: 'SELECT, UPDATE (resolved_at)' },
      { table: 'resolutions', privileges: 'SELECT, UPDATE (outcome, ended_at)' },
    ],
  },
  ...participants.map(lockWorker),
  ...participants.map(recovery),
  auditor('order', [
    'orders',
    'order_lines',
    'compensations',
    'alerts',
    'resolutions',
    'recoveries',
    ...eventTables,
  ]),
  ...participants.map(({ name, books }) =>
    auditor(name, [books.balances, books.ledger, ...participantTables]),
  ),
];
