import type { Knex } from 'knex';
import type { ActivitiesOf } from '../../contracts/participants/activities';
import type { RegisteredParticipant } from '../../contracts/participants';
import type { StepOutcome } from '../../contracts/steps';
import type { ModelOrder } from './model';

/** A real participant behind the model's interface. */
export interface Participant {
  act(orders: ModelOrder[]): Promise<StepOutcome[]>;
  compensate(orders: ModelOrder[]): Promise<StepOutcome[]>;
  /** Adds to a balance from outside, as a delivery of goods does. */
  refill(id: string, amount: number): Promise<void>;
  balances(): Promise<Map<string, number>>;
  ledger(): Promise<string[]>;
  /** Sets only opening balances for the next run. */
  reset(balances: Map<string, number>): Promise<void>;
}

/** The saga's side of a participant. */
export function modelled(
  { name, books, commandOf, steps: { saga } }: RegisteredParticipant,
  admin: Knex,
  activities: ActivitiesOf<RegisteredParticipant>,
): Participant {
  const { balances, key, ledger, amount } = books;
  const command = ({ orderId, takes }: ModelOrder) =>
    commandOf(
      orderId,
      Object.entries(takes).map(([id, takenOf]) => ({ id, amount: takenOf })),
    );
  return {
    act: (orders) => activities[saga.action](orders.map(command)),
    compensate: (orders) => activities[saga.compensation](orders.map(command)),
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
          ...(name === 'product' && { name: id, price: 1 }),
        })),
      );
    },
  };
}
