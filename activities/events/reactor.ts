import type { Knex } from 'knex';
import { reactionOf, type OrderEvent } from '../../contracts/events';
import type { Delivery, OrderEvents, React } from '../../contracts/deliveries';
import type { Service } from '../../contracts/participants';
import { asActivity } from '../database/activity-failure';
import { classify, describeError, type ErrorClass } from '../database/errors';
import { receive, recordFault, recordReaction, readReceived, release } from './inbox';
import { ExcludedFromBatch } from '../barrier/barrier';
import { readEmitted, emit } from './outbox';
import { runTransaction } from '../database/transaction';

interface Reactor {
  knex: Knex;
  subscriber: Service;
  /** Changes this service's state, and answers the one event that reports it. */
  react: (trx: Knex.Transaction, event: OrderEvent) => Promise<OrderEvent>;
  /** Called after the commit, to hand the emitted event over at once. */
  onEmitted: () => void;
}

/**
 * A service's reactions: inbox row, state change and outbox row in one local transaction. A
 * repeated event gets the first answer. An event with a fault that may be permanent is parked, so
 * it does not block others. A transient fault is thrown, and Temporal retries it indefinitely.
 */
export function createReact({ knex, subscriber, react, onEmitted }: Reactor): React {
  return (event, released) =>
    asActivity(async () => {
      const reaction = reactionOf(event.type, subscriber);
      if (!reaction) throw new Error(`The ${subscriber} service has no reaction to ${event.type}`);
      // A separate transaction, to keep the release on record even if the reaction fails again.
      if (released) await runTransaction(knex, (trx) => release(trx, event, reaction, released));
      try {
        const delivery = await runTransaction(knex, async (trx): Promise<Delivery> => {
          const row = await receive(trx, event, reaction);
          if (row.emitted !== null) return { kind: 'reacted', emitted: row.emitted };
          if (row.parked === 1) return { kind: 'parked', detail: row.last_error ?? '' };
          const emitted = await react(trx, event);
          await emit(trx, [emitted]);
          await recordReaction(trx, event, reaction, emitted);
          return { kind: 'reacted', emitted: emitted.eventId };
        });
        onEmitted();
        return delivery;
      } catch (error) {
        const fault = faultOf(error);
        if (!fault) throw error;
        const parks = await runTransaction(knex, (trx) => recordFault(trx, event, reaction, fault));
        if (!parks) throw error;
        return { kind: 'parked', detail: fault.error };
      }
    });
}

/**
 * The events of an order that this service has emitted and received, for redelivering lost ones.
 */
export function createEventsOf(knex: Knex): (orderId: string) => Promise<OrderEvents> {
  return (orderId) =>
    asActivity(async () => ({
      said: await readEmitted(knex, orderId),
      heard: await readReceived(knex, orderId),
    }));
}

/** Faults that a retry cannot fix, and faults that it may fix once the cause is removed. */
const poison: Partial<Record<ErrorClass, { mayMend: boolean }>> = {
  'guard-violated': { mayMend: false },
  'invalid-data': { mayMend: false },
  'duplicate-key': { mayMend: false },
  'deployment-fault': { mayMend: true },
  unknown: { mayMend: true },
};

/** Undefined for transient faults: an outage parks nothing. */
function faultOf(error: unknown): { error: string; mayMend: boolean } | undefined {
  if (error instanceof ExcludedFromBatch) {
    const { outcome } = error;
    const words = outcome.kind === 'broken' ? `broken: ${outcome.code}` : outcome.kind;
    return { error: words, mayMend: false };
  }
  const kind = poison[classify(error)];
  return kind && { ...kind, error: describeError(error) };
}
