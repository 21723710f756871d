import { join } from 'node:path';
import type * as ActivitiesModule from '../../activities/participant/activities';
import { product as theProduct } from '../../contracts/participants/product';
import type { Knex } from 'knex';
import { isPrepared, type XaConnections } from '../../activities/participant/branch-connection';
import { openDatabase } from '../../activities/database/connection';
import type * as XaModule from '../../activities/participant/xa';
import type { ActivitiesOf } from '../../contracts/participants/activities';
import type * as RulesModule from '../../activities/participant/rules';
import type { Rules } from '../../activities/participant/rules';
import type { StockCommand } from '../../contracts/participants/product';
import { createTestDatabases, type TestDatabases } from '../support/databases';
import { openXaOf } from '../support/world';

interface Changes {
  take?: TakeStock;
  openBranch?: XaConnections['openBranch'];
  recovery?: Knex;
  /** Replaces the participant's own pool. */
  pool?: Knex;
}

type TakeStock = Rules<StockCommand>['take'];
type Fault = (run: () => Promise<unknown>) => Promise<unknown>;

/** The product service's XA steps on their own databases, with helpers for tests. */
export interface Participant {
  databases: TestDatabases;
  xa: XaConnections;
  pool: Knex;
  product: ActivitiesOf<typeof theProduct>;
  /** Ten apples, and nothing else. */
  begin(): Promise<void>;
  /** Rolls back what a test has left prepared. */
  letGo(): Promise<void>;
  prepared(orderId: string): Promise<boolean>;
  available(): Promise<number>;
  books(): Promise<{ available: number; steps: unknown[]; ledger: unknown[] }>;
  takeStock: TakeStock;
  /** The steps with a replaced way to take stock, or other connections. */
  stepsWith(changes: Changes): ReturnType<typeof XaModule.createXaSteps<StockCommand>>;
  /** A branch's connection on which one statement meets a fault. */
  openFaulty(statement: RegExp, fault: Fault): XaConnections['openBranch'];
  /** The server's sessions of the participant's user, except those of its pool. */
  straySessions(): Promise<number>;
  /** Ends the session in which this runs, on the server. */
  killSession(trx: Knex): Promise<void>;
  end(): Promise<void>;
}

export const order = (orderId: string, quantity = 2): StockCommand => ({
  orderId,
  lines: [{ productId: 'apple', quantity }],
});

export const untouched = { available: 10, steps: [], ledger: [] };
export const takenOnce = { available: 8, steps: ['{"kind":"done"}'], ledger: [-2] };
export const entombed = { available: 10, steps: ['{"kind":"cancelled"}'], ledger: [] };

const root = join(__dirname, '..', '..');

/** The code in this folder, ours or a mutant of it, on a database of its own. */
export async function createParticipant(folder = root): Promise<Participant> {
  const file = (name: string) => join(folder, 'activities/participant', name);
  const { createParticipantActivities } = jest.requireActual<typeof ActivitiesModule>(
    file('activities'),
  );
  const { createXaSteps } = jest.requireActual<typeof XaModule>(file('xa'));
  const { rulesOf } = jest.requireActual<typeof RulesModule>(file('rules'));
  const rules = rulesOf(theProduct);
  const databases = await createTestDatabases();
  const xa = openXaOf(databases).product;
  const url = databases.url('product_worker', 'product');
  const pool = openDatabase({ url, poolMax: 3, lockWaitSMax: 1 });
  const product = createParticipantActivities(theProduct, pool, xa);
  const admin = databases.product;
  const prepared = (orderId: string) => isPrepared(admin, xa.gtridOf(orderId), 'product');
  const available = async () => {
    const [left] = await admin('products').where('product_id', 'apple').pluck('available');
    return Number(left);
  };
  return {
    databases,
    xa,
    pool,
    product,
    takeStock: rules.take,
    prepared,
    available,
    async begin() {
      await databases.empty();
      await databases.stock({ apple: { available: 10 } });
    },
    async letGo() {
      const orderIds = await admin('xa_branches').pluck('order_id');
      for (const orderId of orderIds) {
        if (await prepared(orderId)) await product.rollbackStock([{ orderId }]);
      }
    },
    async books() {
      const steps = await admin('steps').pluck('outcome');
      const ledger = await admin('stock_ledger').pluck('quantity');
      return { available: await available(), steps, ledger };
    },
    stepsWith: ({ take = rules.take, pool: own = pool, ...connections }) =>
      createXaSteps<StockCommand>(
        own,
        { ...xa, ...connections },
        { tell: { ...rules, take }, wait: { ...rules, take } },
      ),
    openFaulty: (statement, fault) => () => faulty(xa.openBranch(), statement, fault),
    async straySessions() {
      const [[row]] = (await admin.raw(
        `SELECT COUNT(*) AS n FROM information_schema.processlist
         WHERE user = 'product_worker' AND db = ?`,
        [databases.names.product],
      )) as [[{ n: number }]];
      const own = (pool.client as { pool: { numUsed(): number; numFree(): number } }).pool;
      return row.n - own.numUsed() - own.numFree();
    },
    async killSession(trx) {
      const [[row]] = (await trx.raw('SELECT CONNECTION_ID() AS id')) as [[{ id: number }]];
      await admin.raw('KILL ?', [row.id]);
    },
    async end() {
      await Promise.all([pool.destroy(), xa.close()]);
      await databases.drop();
    },
  };
}

/** A connection on which one statement meets a fault. */
export function faulty(knex: Knex, statement: RegExp, fault: Fault): Knex {
  return new Proxy(knex, {
    get(target, name) {
      if (name !== 'raw') return Reflect.get(target, name) as unknown;
      return (sql: string, bindings: readonly Knex.RawBinding[] = []) =>
        statement.test(sql)
          ? fault(async () => (await target.raw(sql, bindings)) as unknown)
          : target.raw(sql, bindings);
    },
  });
}
