import { join } from 'node:path';
import type * as ParticipantModule from '../../activities/participant/activities';
import type { Knex } from 'knex';
import type * as IntakeModule from '../../activities/order/intake';
import type * as ReactionsModule from '../../activities/order/reactions';
import { openDatabase } from '../../activities/database/connection';
import type * as OutboxModule from '../../activities/events/outbox';
import { audit } from '../../audit/audit';
import { events, typeIn, type EventType, type OrderEvent } from '../../contracts/events';
import type { React } from '../../contracts/deliveries';
import { byService, participants, type Service, services } from '../../contracts/participants';
import { openAsAuditor } from '../support/audited';
import { createTestDatabases, type TestDatabases } from '../support/databases';

/** One event for one subscriber, which a test may deliver at any time and repeatedly. */
export interface HandDelivery {
  event: OrderEvent;
  subscriber: Service;
}

/** The services on their real databases; the test is the broker. */
export interface HandDelivered {
  databases: TestDatabases;
  /** Creates an order of one apple for one point, and places it. */
  place(orderId: string): Promise<void>;
  cancel(orderId: string): Promise<unknown>;
  /** The events emitted since the last call. */
  handOver(): Promise<HandDelivery[]>;
  /** Delivers, and answers the type that was emitted. */
  deliver(delivery: HandDelivery): Promise<EventType>;
  /** Fills one product and one account, and empties everything else. */
  begin(balances: { apples: number; points: number }): Promise<void>;
  orderRow(orderId: string): Promise<{ status: string; reason: string | null }>;
  expectClean(): Promise<void>;
  end(): Promise<void>;
}

const root = join(__dirname, '..', '..');

/**
 * @param wrap around each service's database, for faults in its transactions
 * @param folder of the code: ours, or a mutant of it
 */
export async function createHandDelivered(
  wrap: (knex: Knex) => Knex = (knex) => knex,
  folder = root,
): Promise<HandDelivered> {
  const file = (name: string) => join(folder, 'activities', name);
  const { createOrderIntake } = jest.requireActual<typeof IntakeModule>(file('order/intake'));
  const { createOrderReactions } = jest.requireActual<typeof ReactionsModule>(
    file('order/reactions'),
  );
  const { createParticipantReactions } = jest.requireActual<typeof ParticipantModule>(
    file('participant/activities'),
  );
  const { markSent, nameDelivery, readUnsent } = jest.requireActual<typeof OutboxModule>(
    file('events/outbox'),
  );
  const databases = await createTestDatabases();
  const open = (service: Service, user = `${service}_worker`) =>
    openDatabase({ url: databases.url(user, service), poolMax: 6, lockWaitSMax: 10 });
  const pools = byService((service) => open(service));
  const auditors = openAsAuditor(databases);
  const api = open('order', 'order_api');
  const intake = createOrderIntake(api);
  const nothing = () => undefined;
  const reactions = new Map<Service, React>([
    ['order', createOrderReactions(wrap(pools.order), nothing).orderReacts],
    ...participants.map((one): [Service, React] => {
      const activities = createParticipantReactions(one, wrap(pools[one.name]), nothing);
      return [one.name, activities[`${one.name}Reacts`]];
    }),
  ]);
  return {
    databases,
    async place(orderId) {
      const lines = [{ productId: 'apple', quantity: 1, unitPrice: 1 }];
      const draft = { orderId, customerId: 'anna', idempotencyKey: orderId, requestHash: 'test' };
      await intake.createOrders([{ ...draft, lines, total: 1 }]);
      await intake.claimOrders([orderId], 'ignored', 'choreography');
    },
    cancel: (orderId) => intake.cancelOrder(orderId),
    async handOver() {
      const said = await Promise.all(services.map((service) => readUnsent(pools[service], 100)));
      for (const [i, service] of services.entries()) {
        const ids = (said[i] ?? []).map(({ event }) => event.eventId);
        const [name] = ids;
        if (name === undefined) continue;
        await nameDelivery(pools[service], ids, name);
        await markSent(pools[service], [name]);
      }
      return said
        .flat()
        .flatMap(({ event }) =>
          events[event.type].subscriptions.map(({ subscriber }) => ({ event, subscriber })),
        );
    },
    async deliver({ event, subscriber }) {
      const [delivery] = (await reactions.get(subscriber)?.([event])) ?? [];
      if (delivery?.kind !== 'reacted') throw new Error(`${event.eventId} was parked`);
      return typeIn(delivery.emitted) as EventType;
    },
    async begin({ apples, points }) {
      await databases.empty();
      await databases.stock({ apple: { available: apples } });
      await databases.points({ anna: points });
    },
    orderRow: (orderId) =>
      databases.order('orders').where('order_id', orderId).first() as Promise<{
        status: string;
        reason: string | null;
      }>,
    async expectClean() {
      const closedAt = () => Promise.resolve(undefined);
      const isOpen = () => Promise.resolve(false);
      const report = await audit({ ...auditors, isOpen, closedAt });
      expect(report.violations).toEqual([]);
      expect(report.inFlight).toEqual([]);
    },
    async end() {
      for (const pool of [...Object.values(pools), ...Object.values(auditors), api])
        await pool.destroy();
      await databases.drop();
    },
  };
}
