import type { Knex } from 'knex';
import type { ActivitiesOf } from '../../contracts/participants/activities';
import type { point } from '../../contracts/participants/point';
import type { product } from '../../contracts/participants/product';
import type { StepOutcome } from '../../contracts/steps';
import type { ModelOrder } from './model';

/** A real participant, in the model's terms. */
export interface Participant {
  act(orders: ModelOrder[]): Promise<StepOutcome[]>;
  compensate(orders: ModelOrder[]): Promise<StepOutcome[]>;
  /** Adds to a balance from outside, as a delivery of goods does. */
  refill(id: string, amount: number): Promise<void>;
  balances(): Promise<Map<string, number>>;
  ledger(): Promise<string[]>;
  /** Opening balances, and nothing else, for the next run. */
  reset(balances: Map<string, number>): Promise<void>;
}

interface Tables {
  balances: string;
  key: string;
  ledger: string;
  amount: string;
  /** Further columns that a balance's row needs. */
  extra: (id: string) => Record<string, unknown>;
}

function shared(admin: Knex, tables: Tables): Omit<Participant, 'act' | 'compensate'> {
  const { balances, key, ledger, amount } = tables;
  return {
    async refill(id, by) {
      await admin(balances).where(key, id).increment('available', by);
    },
    async balances() {
      const rows = await admin(balances).select<{ id: string; available: number }[]>({
        id: key,
        available: 'available',
      });
      return new Map(rows.map((row) => [row.id, row.available]));
    },
    async ledger() {
      const rows = await admin(ledger).select<{ order: string; id: string; by: number }[]>({
        order: 'order_id',
        id: key,
        by: amount,
      });
      return rows.map((row) => `${row.order} ${row.id} ${row.by}`);
    },
    async reset(opening) {
      for (const table of ['steps', ledger, balances]) await admin(table).delete();
      await admin(balances).insert(
        [...opening].map(([id, available]) => ({
          [key]: id,
          available,
          opening: available,
          ...tables.extra(id),
        })),
      );
    },
  };
}

export function productParticipant(
  admin: Knex,
  activities: ActivitiesOf<typeof product>,
): Participant {
  const command = ({ orderId, takes }: ModelOrder) => ({
    orderId,
    lines: Object.entries(takes).map(([productId, quantity]) => ({ productId, quantity })),
  });
  return {
    ...shared(admin, {
      balances: 'products',
      key: 'product_id',
      ledger: 'stock_ledger',
      amount: 'quantity',
      extra: (id) => ({ name: id, price: 1 }),
    }),
    act: (orders) => activities.deductStock(orders.map(command)),
    compensate: (orders) => activities.restoreStock(orders.map(command)),
  };
}

/** Points come from one account, so each order takes of its first balance only. */
export function pointParticipant(admin: Knex, activities: ActivitiesOf<typeof point>): Participant {
  const command = ({ orderId, takes }: ModelOrder) => {
    const [customerId, points] = Object.entries(takes)[0] ?? ['nobody', 0];
    return { orderId, customerId, points };
  };
  return {
    ...shared(admin, {
      balances: 'point_accounts',
      key: 'customer_id',
      ledger: 'point_ledger',
      amount: 'points',
      extra: () => ({}),
    }),
    act: (orders) => activities.usePoints(orders.map(command)),
    compensate: (orders) => activities.refundPoints(orders.map(command)),
  };
}
