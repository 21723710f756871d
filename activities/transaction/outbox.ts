import type { Knex } from 'knex';
import { events, type EventType, type OrderEvent } from '../../contracts/events';

/**
 * What this service has to say to the others: rows written in the transaction of what they tell
 * of, so that neither is there without the other. A relay hands them over afterwards.
 */

/** An event as the relay finds it. */
interface OutboxRow {
  event_id: string;
  type: EventType;
  order_id: string;
  payload: object;
}

/** Writes events; what nobody listens to is as good as sent. Each may be written once. */
export async function say(trx: Knex.Transaction, said: readonly OrderEvent[]): Promise<void> {
  if (said.length === 0) return;
  await trx('outbox').insert(
    said.map(({ eventId, type, orderId, ...content }) => ({
      event_id: eventId,
      type,
      order_id: orderId,
      payload: JSON.stringify(content),
      sent_at: events[type].subscriptions.length === 0 ? trx.fn.now(6) : null,
    })),
  );
}

/** Whether an event of this id was written; the caller holds the lock under which it would be. */
export async function wasSaid(trx: Knex.Transaction, eventId: string): Promise<boolean> {
  const row: unknown = await trx('outbox').where('event_id', eventId).first('event_id');
  return row !== undefined;
}

/** The oldest events that are not sent, `limit` at most. */
export async function readUnsent(knex: Knex, limit: number): Promise<OrderEvent[]> {
  const rows = (await knex('outbox')
    .select('event_id', 'type', 'order_id', 'payload')
    .whereNull('sent_at')
    .orderBy('created_at')
    .limit(limit)) as OutboxRow[];
  return rows.map(eventOfRow);
}

/** Everything that this service has said of an order. */
export async function readSaid(knex: Knex, orderId: string): Promise<OrderEvent[]> {
  const rows = (await knex('outbox')
    .select('event_id', 'type', 'order_id', 'payload')
    .where('order_id', orderId)) as OutboxRow[];
  return rows.map(eventOfRow);
}

/** Every subscriber has a delivery workflow for each of these. */
export async function markSent(knex: Knex, eventIds: readonly string[]): Promise<void> {
  if (eventIds.length === 0) return;
  await knex('outbox')
    .whereIn('event_id', eventIds)
    .whereNull('sent_at')
    .update({ sent_at: knex.fn.now(6) });
}

function eventOfRow({ event_id: eventId, type, order_id: orderId, payload }: OutboxRow) {
  return { ...payload, eventId, type, orderId } as OrderEvent;
}
