import type { RegisteredParticipant, Service } from '../contracts/participants';
import { participants } from '../contracts/participants';

/**
 * Least privilege: what each database user may do. A privilege removed from this table must be
 * revoked by hand where an earlier build has granted it. Ledgers are append-only because no user
 * below may update or delete their rows; no user may delete the barrier's rows. `SELECT … FOR
 * UPDATE` needs UPDATE on some column of the table, which every user that locks has.
 */
interface UserGrants {
  /** At most 32 characters, MySQL's limit. */
  user: string;
  service: Service;
  /** `server` means the whole server. No user gets a whole database. */
  grants: { table: string; privileges: string }[];
}

const stepsGrant = { table: 'steps', privileges: 'SELECT, INSERT, UPDATE (order_id, outcome)' };

const branchesGrant = {
  table: 'xa_branches',
  privileges: 'SELECT, INSERT, UPDATE (started_at, ended_at, ended_as)',
};

/** Without the gtrid, because a user who knows one may commit or roll back its branch. */
const branchesView = {
  table: 'xa_branches',
  privileges: 'SELECT (order_id, participant, locked_rows, started_at, ended_at, ended_as)',
};

const reservationsGrant = {
  table: 'reservations',
  privileges: 'SELECT, INSERT, UPDATE (state, resolution)',
};
/** Events are never changed, only marked as sent. No event, sent or received, is deleted. */
const eventGrants = [
  { table: 'outbox', privileges: 'SELECT, INSERT, UPDATE (event_id, delivery, sent_at)' },
  {
    table: 'inbox',
    privileges:
      'SELECT, INSERT, UPDATE (event_id, emitted, tries, payload, last_error, parked_at, ' +
      'released_at, released_by, release_reason)',
  },
];
/** The API shows operators the parked events. */
const inboxReader = { table: 'inbox', privileges: 'SELECT' };

const eventTables = ['outbox', 'inbox'];
const participantTables = ['steps', 'reservations', 'bookings', ...eventTables];

/**
 * Reads what it proves, table by table: with a whole database it could read the gtrids too, and a
 * user that only reads could then end any branch.
 */
const auditor = (service: Service, tables: string[]): UserGrants => ({
  user: 'auditor',
  service,
  grants: [
    ...tables.map((table) => ({ table, privileges: 'SELECT' })),
    ...(service === 'order' ? [] : [branchesView]),
  ],
});

/**
 * The user of the participant's process, which changes balances, and the API's user, which reads
 * them.
 */
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

/** Lists and ends the prepared branches on its server, and can read no table. */
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
  // Pattern `lock`: its transaction reaches all databases on one server.
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
