import type { Knex } from 'knex';
import { events, type OrderEvent } from '../../contracts/events';
import type { Row } from '../database/tables';

/**
 * The outbox: the events that this service emits. The transaction of a state change also writes its
 * event, so neither exists without the other. A relay hands the events over afterwards.
 */

/** Writes events, each at most once. An event without subscribers counts as sent. */
export async function emit(trx: Knex.Transaction, emitted: readonly OrderEvent[]): Promise<void> {
  if (emitted.length === 0) return;
  await trx('outbox').insert(
    emitted.map(({ eventId, type, orderId, ...content }) => ({
      event_id: eventId,
      type,
      order_id: orderId,
      payload: JSON.stringify(content),
      sent_at: events[type].subscriptions.length === 0 ? trx.fn.now(6) : null,
    })),
  );
}

/** Those of these events that were written. The caller holds the locks under which they would be. */
export async function emittedOf(
  trx: Knex.Transaction,
  eventIds: readonly string[],
): Promise<Set<string>> {
  return new Set(await trx('outbox').whereIn('event_id', eventIds).pluck('event_id'));
}

/** An event that its relay has not handed over yet, and the delivery that it is in. */
export interface Unsent {
  event: OrderEvent;
  delivery: string | null;
}

/** The oldest unsent events, up to `limit`. */
export async function readUnsent(knex: Knex, limit: number): Promise<Unsent[]> {
  const rows = await knex('outbox')
    .select('event_id', 'type', 'order_id', 'payload', 'delivery')
    .whereNull('sent_at')
    .orderBy('created_at')
    .limit(limit);
  return rows.map((row) => ({ event: eventOfRow(row), delivery: row.delivery }));
}

/** Puts events into a delivery, except those that another relay has put into one. */
export async function nameDelivery(
  knex: Knex,
  eventIds: readonly string[],
  delivery: string,
): Promise<void> {
  await knex('outbox')
    .whereIn('event_id', eventIds)
    .whereNull('delivery')
    .whereNull('sent_at')
    .update({ delivery });
}

/** The unsent events of a delivery, in the order of their ids; that order never changes. */
export async function readDelivery(knex: Knex, delivery: string): Promise<OrderEvent[]> {
  const rows = await knex('outbox')
    .select('event_id', 'type', 'order_id', 'payload')
    .where('delivery', delivery)
    .whereNull('sent_at')
    .orderBy('event_id');
  return rows.map(eventOfRow);
}

/** All events of an order that this service has emitted. */
export async function readEmitted(knex: Knex, orderId: string): Promise<OrderEvent[]> {
  const rows = await knex('outbox')
    .select('event_id', 'type', 'order_id', 'payload')
    .where('order_id', orderId);
  return rows.map(eventOfRow);
}

/** Marks deliveries as sent: every subscriber has a workflow for each. */
export async function markSent(knex: Knex, deliveries: readonly string[]): Promise<void> {
  if (deliveries.length === 0) return;
  await knex('outbox')
    .whereIn('delivery', deliveries)
    .whereNull('sent_at')
    .update({ sent_at: knex.fn.now(6) });
}

type OutboxRow = Pick<Row<'outbox'>, 'event_id' | 'type' | 'order_id' | 'payload'>;

function eventOfRow({ event_id: eventId, type, order_id: orderId, payload }: OutboxRow) {
  return { ...payload, eventId, type, orderId } as OrderEvent;
}
