import type { Knex } from 'knex';
import {
  createOrderIntake,
  requestHash,
  type Creation,
  type OrderDraft,
  type OrderIntake,
} from '../../activities/order/intake';
import { openDatabase } from '../../activities/database/connection';
import { createTestDatabases, type TestDatabases } from '../support/databases';

/**
 * The intake on a real order database, as the API's own user, and a direct view of the database.
 */
export interface IntakeWorld {
  databases: TestDatabases;
  intake: OrderIntake;
  /** Creates these orders and returns their ids. */
  create(...drafts: OrderDraft[]): Promise<string[]>;
  row(orderId: string): Promise<Record<string, unknown>>;
  count(table: string): Promise<number>;
  close(): Promise<void>;
}

export async function createIntakeWorld(): Promise<IntakeWorld> {
  const databases = await createTestDatabases();
  const url = databases.url('order_api', 'order');
  // A short lock wait, so that tests of it are short.
  const pool: Knex = openDatabase({ url, poolMax: 20, lockWaitSMax: 1 });
  const intake = createOrderIntake(pool);
  return {
    databases,
    intake,
    async create(...drafts) {
      await intake.createOrders(drafts);
      return drafts.map(({ orderId }) => orderId);
    },
    row: (orderId) =>
      databases.order('orders').where('order_id', orderId).first() as Promise<
        Record<string, unknown>
      >,
    async count(table) {
      const found = await databases.order(table).count<{ rows: number }[]>({ rows: '*' });
      return found[0]?.rows ?? 0;
    },
    async close() {
      await pool.destroy();
      await databases.drop();
    },
  };
}

let drafts = 0;

/** A new order of three pieces for 25. */
export function draft(changes: Partial<OrderDraft> = {}): OrderDraft {
  const n = String(++drafts).padStart(4, '0');
  const lines = changes.lines ?? [
    { productId: 'p-2', quantity: 2, unitPrice: 10 },
    { productId: 'p-1', quantity: 1, unitPrice: 5 },
  ];
  return {
    orderId: `o-${n}`,
    customerId: 'c-1',
    idempotencyKey: `key-${n}`,
    requestHash: requestHash(lines),
    lines,
    total: 25,
    ...changes,
  };
}

export function kinds(creations: readonly Creation[]): string[] {
  return creations.map(({ kind }) => kind);
}
