import type { ActivitiesOf } from '../../contracts/participants/activities';
import { createParticipantActivities } from '../../activities/participant/activities';
import { point as pointDefinition } from '../../contracts/participants/point';
import { product as productDefinition } from '../../contracts/participants/product';
import type { StockCommand } from '../../contracts/participants/product';
import { openDatabase } from '../../activities/database/connection';
import { createTestDatabases, type TestDatabases } from '../support/databases';

/** Both participants on databases of their own, with two products and one customer. */
export interface Participants {
  databases: TestDatabases;
  stock: ActivitiesOf<typeof productDefinition>;
  points: ActivitiesOf<typeof pointDefinition>;
  begin(): Promise<void>;
  /** `available+reserved` of each product. */
  shelf(): Promise<string[]>;
  ledger(): Promise<string[]>;
  end(): Promise<void>;
}

export async function createParticipants(): Promise<Participants> {
  const databases = await createTestDatabases();
  const [product, point] = (['product', 'point'] as const).map((service) =>
    openDatabase({
      url: databases.url(`${service}_worker`, service),
      poolMax: 8,
      lockWaitSMax: 1,
    }),
  );
  if (!product || !point) throw new Error('There are two participants');
  return {
    databases,
    stock: createParticipantActivities(productDefinition, product),
    points: createParticipantActivities(pointDefinition, point),
    async begin() {
      await databases.empty();
      await databases.stock({ a: { available: 10 }, b: { available: 5 } });
      await databases.points({ anna: 100 });
    },
    async shelf() {
      const rows = await databases.product('products').orderBy('product_id');
      return rows.map((row) => `${row.available}+${row.reserved}`);
    },
    async ledger() {
      const rows = await databases.product('stock_ledger').orderBy('entry_id');
      return rows.map((row) => `${row.order_id} ${row.kind} ${row.product_id} ${row.quantity}`);
    },
    async end() {
      await Promise.all([product.destroy(), point.destroy()]);
      await databases.drop();
    },
  };
}

/** A command for the product service. */
export function of(orderId: string, lines: Record<string, number> = { a: 2, b: 1 }): StockCommand {
  return {
    orderId,
    lines: Object.entries(lines).map(([productId, quantity]) => ({ productId, quantity })),
  };
}

export const done = { kind: 'done' };

export function alarm(code: string): object {
  return { kind: 'broken', code };
}
