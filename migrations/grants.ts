/**
 * Least privilege: what each database user is given. What is taken out of this table has to be
 * revoked by hand where an earlier build has given it. Ledgers are append-only
 * because nobody below may update or delete their rows; the barrier's rows are never deleted.
 * `SELECT … FOR UPDATE` needs UPDATE on some column of the table, which each locker has.
 */
interface UserGrants {
  /** At most 32 characters, MySQL's limit. */
  user: string;
  service: 'order' | 'product' | 'point';
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

/** Sees and ends what is prepared on its server, and can read no table. */
const recovery = (service: 'product' | 'point'): UserGrants => ({
  user: `${service}_recovery`,
  service,
  grants: [{ table: 'server', privileges: 'XA_RECOVER_ADMIN' }],
});

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
const auditor = (service: UserGrants['service'], tables: string[]): UserGrants => ({
  user: 'auditor',
  service,
  grants: [
    ...tables.map((table) => ({ table, privileges: 'SELECT' })),
    ...(service === 'order' ? [] : [branchesView]),
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
          'SELECT, INSERT, UPDATE (status, pattern, owner, decision, reason, owned_at, ended_at)',
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
        privileges: 'SELECT, UPDATE (status, owner, decision, reason, owned_at, ended_at)',
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
  {
    user: 'product_worker',
    service: 'product',
    grants: [
      { table: 'products', privileges: 'SELECT, UPDATE (available, reserved)' },
      { table: 'stock_ledger', privileges: 'SELECT, INSERT' },
      reservationsGrant,
      stepsGrant,
      branchesGrant,
      ...eventGrants,
    ],
  },
  {
    user: 'product_reader',
    service: 'product',
    grants: [
      { table: 'products', privileges: 'SELECT' },
      { table: 'steps', privileges: 'SELECT' },
      branchesView,
      inboxReader,
    ],
  },
  {
    user: 'point_worker',
    service: 'point',
    grants: [
      { table: 'point_accounts', privileges: 'SELECT, UPDATE (available, reserved)' },
      { table: 'point_ledger', privileges: 'SELECT, INSERT' },
      reservationsGrant,
      stepsGrant,
      branchesGrant,
      ...eventGrants,
    ],
  },
  {
    user: 'point_reader',
    service: 'point',
    grants: [
      { table: 'point_accounts', privileges: 'SELECT' },
      { table: 'steps', privileges: 'SELECT' },
      branchesView,
      inboxReader,
    ],
  },
  // The baseline before services: its one transaction reaches all three, on one server.
  {
    user: 'lock_worker',
    service: 'order',
    grants: [
      { table: 'orders', privileges: 'SELECT, UPDATE (status, decision, reason, ended_at)' },
      { table: 'compensations', privileges: 'SELECT' },
      { table: 'alerts', privileges: 'SELECT, UPDATE (resolved_at)' },
      { table: 'resolutions', privileges: 'SELECT, UPDATE (outcome, ended_at)' },
    ],
  },
  {
    user: 'lock_worker',
    service: 'product',
    grants: [
      { table: 'products', privileges: 'SELECT, UPDATE (available)' },
      { table: 'stock_ledger', privileges: 'INSERT' },
    ],
  },
  {
    user: 'lock_worker',
    service: 'point',
    grants: [
      { table: 'point_accounts', privileges: 'SELECT, UPDATE (available)' },
      { table: 'point_ledger', privileges: 'INSERT' },
    ],
  },
  recovery('product'),
  recovery('point'),
  auditor('order', [
    'orders',
    'order_lines',
    'compensations',
    'alerts',
    'resolutions',
    'recoveries',
    ...eventTables,
  ]),
  auditor('product', ['products', 'stock_ledger', ...participantTables]),
  auditor('point', ['point_accounts', 'point_ledger', ...participantTables]),
];
