import { createParticipantActivities } from '../../activities/participant/activities';
import { point } from '../../contracts/participants/point';
import { product } from '../../contracts/participants/product';
import type { Knex } from 'knex';
import type { XaConnections } from '../../activities/participant/branch-connection';
import type { StepOutcome } from '../../contracts/steps';
import type { TestDatabases } from '../support/databases';
import type { Books, Order } from './model';

type Step = (orders: readonly Order[]) => Promise<unknown[]>;

/** One participant's steps by protocol, on its one balance. */
export interface Subject {
  begin(opening: bigint): Promise<void>;
  /** Changes the available amount by hand. */
  fill(available: bigint): Promise<void>;
  seen(): Promise<ReturnType<Books['seen']>>;
  rejection: StepOutcome;
  saga: { take: Step; giveBack: Step };
  tcc: { take: Step; confirm: Step; cancel: Step };
  xa: { take: Step; commit: Step; rollback: Step };
}

export function stockSubject(databases: TestDatabases, pool: Knex, xa: XaConnections): Subject {
  const steps = createParticipantActivities(product, pool, xa);
  const of = (orders: readonly Order[]) =>
    orders.map(({ orderId, amount }) => ({
      orderId,
      lines: [{ productId: 'a', quantity: Number(amount) }],
    }));
  return {
    ...books(databases, databases.product, ['products', 'stock_ledger', 'quantity'], {
      product_id: 'a',
      name: 'a',
      price: 1,
    }),
    rejection: { kind: 'rejected', code: 'insufficient-stock' },
    saga: {
      take: (orders) => steps.deductStock(of(orders)),
      giveBack: (orders) => steps.restoreStock(of(orders)),
    },
    tcc: {
      take: (orders) => steps.tryStock(of(orders)),
      confirm: (orders) => steps.confirmStock(of(orders)),
      cancel: (orders) => steps.cancelStock(of(orders)),
    },
    xa: {
      take: (orders) => steps.prepareStock(of(orders)),
      commit: (orders) => steps.commitStock([...orders]),
      rollback: (orders) => steps.rollbackStock([...orders]),
    },
  };
}

export function pointsSubject(databases: TestDatabases, pool: Knex, xa: XaConnections): Subject {
  const steps = createParticipantActivities(point, pool, xa);
  const of = (orders: readonly Order[]) =>
    orders.map(({ orderId, amount }) => ({ orderId, customerId: 'a', points: Number(amount) }));
  return {
    ...books(databases, databases.point, ['point_accounts', 'point_ledger', 'points'], {
      customer_id: 'a',
    }),
    rejection: { kind: 'rejected', code: 'insufficient-points' },
    saga: {
      take: (orders) => steps.usePoints(of(orders)),
      giveBack: (orders) => steps.refundPoints(of(orders)),
    },
    tcc: {
      take: (orders) => steps.tryPoints(of(orders)),
      confirm: (orders) => steps.confirmPoints(of(orders)),
      cancel: (orders) => steps.cancelPoints(of(orders)),
    },
    xa: {
      take: (orders) => steps.preparePoints(of(orders)),
      commit: (orders) => steps.commitPoints([...orders]),
      rollback: (orders) => steps.rollbackPoints([...orders]),
    },
  };
}

function books(
  databases: TestDatabases,
  admin: Knex,
  [balances, ledger, amount]: [string, string, string],
  row: object,
): Pick<Subject, 'begin' | 'fill' | 'seen'> {
  return {
    async begin(opening) {
      await databases.empty();
      await admin(balances).insert({ ...row, available: opening, opening });
    },
    async fill(available) {
      await admin(balances).update({ available });
    },
    async seen() {
      const [[balance]] = (await admin.raw(
        `SELECT CAST(available AS CHAR) available, CAST(reserved AS CHAR) reserved FROM ${balances}`,
      )) as [[{ available: string; reserved: string }]];
      const [entries] = (await admin.raw(
        `SELECT CONCAT(order_id, ' ', ${amount}) entry FROM ${ledger}`,
      )) as [{ entry: string }[]];
      return { ...balance, ledger: entries.map(({ entry }) => entry).sort() };
    },
  };
}
