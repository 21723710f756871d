import type { Knex } from 'knex';
import type { OrderEvent } from '../../contracts/events';
import { text } from '../database/parameters';
import type { Row } from '../database/tables';

/** An event that a service could not handle, as an operator sees it. */
export interface ParkedEvent {
  event: OrderEvent;
  reaction: string;
  tries: number;
  /** The fault, without the data. */
  error: string;
  parkedAt: Date;
}

interface ParkedRow extends Pick<Row<'inbox'>, 'reaction' | 'tries' | 'last_error'> {
  payload: OrderEvent;
  parked_at: Date;
}

const parkedMax = 100;

/** The parked events, oldest first, up to a hundred; or the one with this id. */
export async function readParked(
  knex: Knex,
  msMax: number,
  eventId?: string,
): Promise<ParkedEvent[]> {
  const parked = knex('inbox')
    .select<ParkedRow[]>('reaction', 'tries', 'payload', 'last_error', 'parked_at')
    .whereNotNull('parked_at')
    .orderBy('parked_at')
    .limit(parkedMax)
    .timeout(msMax);
  if (eventId !== undefined) void parked.where('event_id', text(eventId));
  return (await parked).map((row) => ({
    event: row.payload,
    reaction: row.reaction,
    tries: row.tries,
    error: row.last_error ?? '',
    parkedAt: row.parked_at,
  }));
}
