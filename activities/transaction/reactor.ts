import type { Knex } from 'knex';
import { reactionOf, type OrderEvent } from '../../contracts/events';
import type { Delivery, OrderEvents, React } from '../../contracts/deliveries';
import type { Service } from '../../contracts/participants';
import { asActivity } from './activity-failure';
import { classify, describeError, type ErrorClass } from './errors';
import { hear, noteFault, noteReaction, readHeard, release } from './inbox';
import { SetAside } from './once';
import { readSaid, say } from './outbox';
import { runTransaction } from './transaction';

interface Reactor {
  knex: Knex;
  subscriber: Service;
  /** Changes this service's state, and answers the one event that tells of it. */
  react: (trx: Knex.Transaction, event: OrderEvent) => Promise<OrderEvent>;
  /** Called after the commit, so that what was said is handed over at once. */
  onSaid: () => void;
}

/**
 * A service's reactions: inbox row, state change and outbox row in one local transaction. An
 * event that comes twice is answered as it was the first time. What may never mend is parked, so
 * that it holds nobody up; whatever passes is thrown, and tried again for as long as it takes.
 */
export function createReact({ knex, subscriber, react, onSaid }: Reactor): React {
  return (event, released) =>
    asActivity(async () => {
      const reaction = reactionOf(event.type, subscriber);
      if (!reaction) throw new Error(`The ${subscriber} service has no reaction to ${event.type}`);
      // Of its own, so that who released it stays on record though the reaction fails again.
      if (released) await runTransaction(knex, (trx) => release(trx, event, reaction, released));
      try {
        const delivery = await runTransaction(knex, async (trx): Promise<Delivery> => {
          const row = await hear(trx, event, reaction);
          if (row.emitted !== null) return { kind: 'reacted', emitted: row.emitted };
          if (row.parked === 1) return { kind: 'parked', detail: row.last_error ?? '' };
          const emitted = await react(trx, event);
          await say(trx, [emitted]);
          await noteReaction(trx, event, reaction, emitted);
          return { kind: 'reacted', emitted: emitted.eventId };
        });
        onSaid();
        return delivery;
      } catch (error) {
        const fault = faultOf(error);
        if (!fault) throw error;
        const parks = await runTransaction(knex, (trx) => noteFault(trx, event, reaction, fault));
        if (!parks) throw error;
        return { kind: 'parked', detail: fault.error };
      }
    });
}

/** What this service has said and heard of an order, for who delivers again what was lost. */
export function createEventsOf(knex: Knex): (orderId: string) => Promise<OrderEvents> {
  return (orderId) =>
    asActivity(async () => ({
      said: await readSaid(knex, orderId),
      heard: await readHeard(knex, orderId),
    }));
}

/** Faults that no repetition mends, and those that one may, if somebody mends the cause. */
const poison: Partial<Record<ErrorClass, { mayMend: boolean }>> = {
  'guard-violated': { mayMend: false },
  'invalid-data': { mayMend: false },
  'duplicate-key': { mayMend: false },
  'deployment-fault': { mayMend: true },
  unknown: { mayMend: true },
};

/** Undefined for whatever passes by itself: a service that is away parks nothing. */
function faultOf(error: unknown): { error: string; mayMend: boolean } | undefined {
  if (error instanceof SetAside) {
    const { outcome } = error;
    const words = outcome.kind === 'broken' ? `broken: ${outcome.code}` : outcome.kind;
    return { error: words, mayMend: false };
  }
  const kind = poison[classify(error)];
  return kind && { ...kind, error: describeError(error) };
}
