/**
 * Least privilege: what each database user may do, and nothing else. Ledgers are append-only
 * because nobody below may update or delete their rows; the barrier's rows are never deleted.
 * `SELECT … FOR UPDATE` needs UPDATE on some column of the table, which each locker has.
 */
interface UserGrants {
  /** At most 32 characters, MySQL's limit. */
  user: string;
  service: 'order' | 'product' | 'point';
  grants: { table: string; privileges: string }[];
}

const stepsGrant = { table: 'steps', privileges: 'SELECT, INSERT, UPDATE (order_id, outcome)' };

const readers = (user: string): UserGrants[] =>
  (['order', 'product', 'point'] as const).map((service) => ({
    user,
    service,
    grants: [{ table: '*', privileges: 'SELECT' }],
  }));

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
    ],
  },
  {
    user: 'product_worker',
    service: 'product',
    grants: [
      { table: 'products', privileges: 'SELECT, UPDATE (available, reserved)' },
      { table: 'stock_ledger', privileges: 'SELECT, INSERT' },
      stepsGrant,
    ],
  },
  {
    user: 'product_reader',
    service: 'product',
    grants: [
      { table: 'products', privileges: 'SELECT' },
      { table: 'steps', privileges: 'SELECT' },
    ],
  },
  {
    user: 'point_worker',
    service: 'point',
    grants: [
      { table: 'point_accounts', privileges: 'SELECT, UPDATE (available, reserved)' },
      { table: 'point_ledger', privileges: 'SELECT, INSERT' },
      stepsGrant,
    ],
  },
  {
    user: 'point_reader',
    service: 'point',
    grants: [
      { table: 'point_accounts', privileges: 'SELECT' },
      { table: 'steps', privileges: 'SELECT' },
    ],
  },
  ...readers('auditor'),
];
