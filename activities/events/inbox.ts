import type { Knex } from 'knex';
import type { EventType, OrderEvent, Reaction } from '../../contracts/events';
import type { OrderEvents, Release } from '../../contracts/deliveries';
import type { Row } from '../database/tables';

/**
 * The inbox: the events that this service has received, one row per event and reaction. The
 * reaction's transaction writes the row, so a repeated event has one effect.
 */

/** How often a fault that may go away is tolerated before the event is parked. */
const poisonTriesMax = 5;

const textLengthMax = 512;

interface InboxRow extends Pick<Row<'inbox'>, 'emitted' | 'tries' | 'last_error'> {
  parked: number;
}

/** Locks the row of this event and reaction, and inserts it if it does not exist. */
export async function receive(
  trx: Knex.Transaction,
  event: OrderEvent,
  reaction: Reaction,
): Promise<InboxRow> {
  const { eventId, type, orderId } = event;
  await trx.raw(
    `INSERT INTO inbox (event_id, reaction, type, order_id) VALUES (?, ?, ?, ?)
     ON DUPLICATE KEY UPDATE event_id = inbox.event_id`,
    [eventId, reaction, type, orderId],
  );
  const row = await trx('inbox')
    .where({ event_id: eventId, reaction })
    .forUpdate()
    .first<InboxRow | undefined>(
      'emitted',
      'tries',
      'last_error',
      trx.raw('parked_at IS NOT NULL AS parked'),
    );
  if (!row) throw new Error(`The inbox row of ${eventId} does not exist`);
  return row;
}

/** Records that the reaction was made, and the event that it emitted. */
export async function recordReaction(
  trx: Knex.Transaction,
  event: OrderEvent,
  reaction: Reaction,
  emitted: OrderEvent,
): Promise<void> {
  await trx('inbox')
    .where({ event_id: event.eventId, reaction })
    .update({ emitted: emitted.eventId });
}

/** The types of the order's events that this service has reacted to. */
export async function receivedOf(trx: Knex.Transaction, orderId: string): Promise<Set<EventType>> {
  const types = await trx('inbox').where('order_id', orderId).whereNotNull('emitted').pluck('type');
  return new Set(types);
}

/**
 * Counts a fault that may be permanent, and parks the event at once or after too many faults.
 * Answers whether it is parked. Leaves alone an event that was handled already.
 */
export async function recordFault(
  trx: Knex.Transaction,
  event: OrderEvent,
  reaction: Reaction,
  fault: { error: string; mayMend: boolean },
): Promise<boolean> {
  const row = await receive(trx, event, reaction);
  if (row.emitted !== null) return false;
  const tries = row.tries + 1;
  const parks = row.parked === 1 || !fault.mayMend || tries >= poisonTriesMax;
  await trx('inbox')
    .where({ event_id: event.eventId, reaction })
    .update({
      tries,
      last_error: fault.error.slice(0, textLengthMax),
      payload: JSON.stringify(event),
      ...(parks && { parked_at: trx.raw('COALESCE(parked_at, NOW(6))') }),
    });
  return parks;
}

/** Records an operator's release of a parked event, and resets its count of faults. */
export async function release(
  trx: Knex.Transaction,
  event: OrderEvent,
  reaction: Reaction,
  { by, reason }: Release,
): Promise<void> {
  await trx('inbox')
    .where({ event_id: event.eventId, reaction })
    .whereNotNull('parked_at')
    .update({
      parked_at: null,
      tries: 0,
      released_at: trx.fn.now(6),
      released_by: by,
      release_reason: reason.slice(0, textLengthMax),
    });
}

interface HeardRow extends Pick<Row<'inbox'>, 'event_id' | 'last_error'> {
  parked: number;
}

/** The order's events that this service has handled or parked. */
export async function readReceived(knex: Knex, orderId: string): Promise<OrderEvents['heard']> {
  const rows = await knex('inbox')
    .select<HeardRow[]>('event_id', 'last_error', knex.raw('parked_at IS NOT NULL AS parked'))
    .where('order_id', orderId)
    .whereRaw('(emitted IS NOT NULL OR parked_at IS NOT NULL)');
  return rows.map((row) => ({
    eventId: row.event_id,
    parked: row.parked === 1,
    error: row.last_error,
  }));
}
