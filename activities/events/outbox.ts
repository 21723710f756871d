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

/** Whether an event with this id was written. The caller holds the lock under which it would be. */
export async function wasEmitted(trx: Knex.Transaction, eventId: string): Promise<boolean> {
  const row: unknown = await trx('outbox').where('event_id', eventId).first('event_id');
  return row !== undefined;
}

/** The oldest unsent events, up to `limit`. */
export async function readUnsent(knex: Knex, limit: number): Promise<OrderEvent[]> {
  const rows = await knex('outbox')
    .select('event_id', 'type', 'order_id', 'payload')
    .whereNull('sent_at')
    .orderBy('created_at')
    .limit(limit);
  return rows.map(eventOfRow);
}

/** All events of an order that this service has emitted. */
export async function readEmitted(knex: Knex, orderId: string): Promise<OrderEvent[]> {
  const rows = await knex('outbox')
    .select('event_id', 'type', 'order_id', 'payload')
    .where('order_id', orderId);
  return rows.map(eventOfRow);
}

/** Marks events as sent: every subscriber has a delivery workflow for each. */
export async function markSent(knex: Knex, eventIds: readonly string[]): Promise<void> {
  if (eventIds.length === 0) return;
  await knex('outbox')
    .whereIn('event_id', eventIds)
    .whereNull('sent_at')
    .update({ sent_at: knex.fn.now(6) });
}

type OutboxRow = Pick<Row<'outbox'>, 'event_id' | 'type' | 'order_id' | 'payload'>;

function eventOfRow({ event_id: eventId, type, order_id: orderId, payload }: OutboxRow) {
  return { ...payload, eventId, type, orderId } as OrderEvent;
}
