import { join } from 'node:path';
import type { Knex } from 'knex';
import type * as ActivitiesModule from '../../activities/order/activities';
import type * as IntakeModule from '../../activities/order/intake';
import type { OrderIntake } from '../../activities/order/intake';
import { openDatabase } from '../../activities/database/connection';
import type { OrderActivities } from '../../contracts/steps';
import { createTestDatabases, type TestDatabases } from '../support/databases';

/** The order service without Temporal: its activities, its intake, and a view of its tables. */
export interface OrderService {
  databases: TestDatabases;
  activities: OrderActivities;
  intake: OrderIntake;
  end(): Promise<void>;
}

const root = join(__dirname, '..', '..');

/** The code in this folder, real or a mutant, on its own database. */
export async function createOrderService(folder = root): Promise<OrderService> {
  const { createOrderActivities } = jest.requireActual<typeof ActivitiesModule>(
    join(folder, 'activities/order/activities'),
  );
  const { createOrderIntake } = jest.requireActual<typeof IntakeModule>(
    join(folder, 'activities/order/intake'),
  );
  const databases = await createTestDatabases();
  const open = (user: string): Knex =>
    openDatabase({ url: databases.url(user, 'order'), poolMax: 10 });
  const pools = [open('order_worker'), open('order_api')] as const;
  return {
    databases,
    activities: createOrderActivities({
      knex: pools[0],
      askOwners: () => Promise.resolve(new Set()),
    }),
    intake: createOrderIntake(pools[1]),
    async end() {
      await Promise.all(pools.map((pool) => pool.destroy()));
      await databases.drop();
    },
  };
}

export interface OrderRow {
  order_id: string;
  status: string;
  owner: string | null;
  decision: string | null;
  reason: string | null;
  ended_at: Date | null;
  /** The order's open alerts and PENDING registry rows. */
  alerts: number;
  owed: number;
  /** The steps of all registry rows that it ever had. */
  registered: string[];
}

/** Every order with its alerts and registry rows, by id. */
export async function readRows({ databases }: OrderService): Promise<Map<string, OrderRow>> {
  const [orders, alerts, compensations] = (await Promise.all([
    databases.order('orders').orderBy('order_id'),
    databases.order('alerts').whereNull('resolved_at'),
    databases.order('compensations'),
  ])) as [
    Omit<OrderRow, 'alerts' | 'owed' | 'registered'>[],
    { order_id: string }[],
    { order_id: string; step: string; status: string }[],
  ];
  return new Map(
    orders.map((order) => {
      const isOf = (row: { order_id: string }) => row.order_id === order.order_id;
      const rows = compensations.filter(isOf);
      return [
        order.order_id,
        {
          ...order,
          alerts: alerts.filter(isOf).length,
          owed: rows.filter(({ status }) => status === 'PENDING').length,
          registered: rows.map(({ step }) => step),
        },
      ];
    }),
  );
}

export function orderIdOf(order: number): string {
  return `o-${String(order)}`;
}

/** Empties the database and creates `o-0` to `o-<count - 1>`. */
export async function begin({ databases, intake }: OrderService, count: number): Promise<void> {
  for (const table of ['alerts', 'compensations', 'order_lines', 'orders']) {
    await databases.order(table).del();
  }
  await intake.createOrders(
    Array.from({ length: count }, (_, i) => ({
      orderId: orderIdOf(i),
      customerId: 'anna',
      idempotencyKey: orderIdOf(i),
      requestHash: 'test',
      lines: [{ productId: 'apple', quantity: 1, unitPrice: 1 }],
      total: 1,
    })),
  );
}
