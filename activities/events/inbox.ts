import type { Knex } from 'knex';
import type { EventType, OrderEvent, Reaction } from '../../contracts/events';
import type { OrderEvents, Release } from '../../contracts/deliveries';
import { byIndex } from '../database/rows';
import type { Row } from '../database/tables';

/**
 * The inbox: the events that this service has received, one row per event and reaction. The
 * reaction's transaction writes the row, so a repeated event has one effect.
 */

/** How often a fault that may go away is tolerated before the event is parked. */
const poisonTriesMax = 5;

const textLengthMax = 512;

interface InboxRow extends Pick<Row<'inbox'>, 'event_id' | 'emitted' | 'tries' | 'last_error'> {
  parked: number;
}

/** An event, and how this service reacts to it. */
export interface Received {
  event: OrderEvent;
  reaction: Reaction;
}

/**
 * Locks the rows of these events and reactions, in the order of their keys, and inserts those that
 * do not exist. Answers them by the events' ids.
 */
export async function receive(
  trx: Knex.Transaction,
  received: readonly Received[],
): Promise<Map<string, InboxRow>> {
  const sorted = [...received].sort((a, b) => (a.event.eventId < b.event.eventId ? -1 : 1));
  const values = sorted.map(() => '(?, ?, ?, ?)').join(', ');
  await trx.raw(
    `INSERT INTO inbox (event_id, reaction, type, order_id) VALUES ${values}
     ON DUPLICATE KEY UPDATE event_id = inbox.event_id`,
    sorted.flatMap(({ event, reaction }) => [event.eventId, reaction, event.type, event.orderId]),
  );
  const rows = await byIndex(trx, 'inbox')
    .select<InboxRow[]>(
      'event_id',
      'emitted',
      'tries',
      'last_error',
      trx.raw('parked_at IS NOT NULL AS parked'),
    )
    .whereIn(
      ['event_id', 'reaction'],
      sorted.map(({ event, reaction }) => [event.eventId, reaction]),
    )
    .orderBy('event_id')
    .forUpdate();
  return new Map(rows.map((row) => [row.event_id, row]));
}

/** Records that reactions were made, and the event that each emitted. */
export async function recordReactions(
  trx: Knex.Transaction,
  made: readonly (Received & { emitted: OrderEvent })[],
): Promise<void> {
  if (made.length === 0) return;
  await trx.raw(
    `INSERT INTO inbox (event_id, reaction, type, order_id, emitted)
     VALUES ${made.map(() => '(?, ?, ?, ?, ?)').join(', ')} AS made
     ON DUPLICATE KEY UPDATE emitted = made.emitted`,
    made.flatMap(({ event, reaction, emitted }) => [
      event.eventId,
      reaction,
      event.type,
      event.orderId,
      emitted.eventId,
    ]),
  );
}

/** The types of each order's events that this service has reacted to. */
export async function receivedOf(
  trx: Knex.Transaction,
  orderIds: readonly string[],
): Promise<Map<string, Set<EventType>>> {
  const rows = await trx('inbox')
    .select('order_id', 'type')
    .whereIn('order_id', orderIds)
    .whereNotNull('emitted');
  const types = new Map(orderIds.map((orderId) => [orderId, new Set<EventType>()]));
  for (const row of rows) types.get(row.order_id)?.add(row.type);
  return types;
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
  const row = (await receive(trx, [{ event, reaction }])).get(event.eventId);
  if (!row) throw new Error(`The inbox row of ${event.eventId} does not exist`);
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
