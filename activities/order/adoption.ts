import type { Knex } from 'knex';
import type { AdoptedOrder, Pattern } from '../../contracts/order';
import type { Orphan } from '../../contracts/steps';
import { readOrders } from './content';

/** What has become of the workflow that owns an order. */
export type OwnerState =
  | 'open'
  /** It ended by itself, so what it left PENDING it left on purpose. */
  | 'completed'
  /** Terminated, failed, or never begun: nobody drives its orders. */
  | 'gone';

const unfinished = ['PLACING', 'PENDING'];

interface Candidate {
  order_id: string;
  owner: string;
  status: string;
  pattern: Pattern | null;
  decision: string | null;
  owed: number;
  /** Events of its own that a relay has yet to send. */
  unsent: number;
  /** Open alerts of any kind. */
  told: number;
  /** A parked event, whose cancellation, if it is to be cancelled, has been said. */
  parked: number;
}

/**
 * Orders that nobody drives any more. Owners are looked at in the order of their ids, `limit` at
 * a time, so that a thousand busy workflows cannot hide one that is gone.
 */
export async function findOrphans(
  knex: Knex,
  stateOf: (workflowId: string) => Promise<OwnerState>,
  input: { olderThanMs: number; afterOwner: string; limit: number },
): Promise<{ orphans: Orphan[]; lastOwner: string | null }> {
  const found = await Promise.all(unfinished.map((status) => ownersIn(knex, status, input)));
  const owners = [...new Set(found.flat())].sort().slice(0, input.limit);
  const states = new Map<string, OwnerState>();
  for (const owner of owners) states.set(owner, await stateOf(owner));
  const idle = owners.filter((owner) => states.get(owner) !== 'open');
  const candidates = idle.length > 0 ? await ordersOf(knex, idle) : [];
  return {
    orphans: candidates
      .filter((row) => isOrphan(row, states.get(row.owner) ?? 'gone'))
      .map((row) => ({ orderId: row.order_id, owner: row.owner })),
    lastOwner: owners.length < input.limit ? null : (owners.at(-1) ?? null),
  };
}

/** One status at a time, so that the index gives the owners in order: a backlog is not sorted. */
function ownersIn(
  knex: Knex,
  status: string,
  { olderThanMs, afterOwner, limit }: { olderThanMs: number; afterOwner: string; limit: number },
): Promise<string[]> {
  return knex('orders')
    .distinct()
    .where('status', status)
    .where('owner', '>', afterOwner)
    .where('owned_at', '<', knex.raw('NOW(6) - INTERVAL ? MICROSECOND', [olderThanMs * 1_000]))
    .orderBy('owner')
    .limit(limit)
    .pluck<string[]>('owner');
}

/**
 * PLACING without an open owner is an orphan, unless its next event waits for the relay. PENDING
 * is one unless it waits for something: for the registry's drain, or, undecided after a broken
 * step, for an operator. An order of TCC that is to COMPLETE has a schedule of its own, or an
 * operator, as its alert says; one that is to CANCEL has none, because adoption is that schedule.
 * An order of choreography waits for an operator only while an event of it is parked, and even then
 * others may have been lost, until a workflow has completed that looked for them.
 */
function isOrphan(row: Candidate, owner: OwnerState): boolean {
  if (row.unsent > 0) return false;
  if (row.status === 'PLACING') return true;
  if (row.pattern === 'choreography') return owner === 'gone' || row.parked === 0;
  if (row.owed > 0) return false;
  if (row.pattern === 'tcc' && row.decision === 'COMPLETE')
    return owner === 'gone' || row.told === 0;
  return owner === 'gone' || row.decision !== null;
}

function ordersOf(knex: Knex, owners: string[]): Promise<Candidate[]> {
  return knex('orders')
    .select('order_id', 'owner', 'status', 'pattern', 'decision')
    .select(
      knex('compensations')
        .count('*')
        .whereRaw('compensations.order_id = orders.order_id')
        .where('compensations.status', 'PENDING')
        .as('owed'),
    )
    .select(
      knex('outbox')
        .count('*')
        .whereRaw('outbox.order_id = orders.order_id')
        .whereNull('sent_at')
        .as('unsent'),
    )
    .select(
      knex('alerts')
        .count('*')
        .whereRaw('alerts.order_id = orders.order_id')
        .where({ kind: 'event-parked', resolved_at: null })
        .where((either) => {
          void either
            .whereNull('orders.decision')
            .orWhereExists(
              knex('outbox')
                .select(knex.raw('1'))
                .whereRaw('outbox.order_id = orders.order_id')
                .where('type', 'OrderCancelled'),
            );
        })
        .as('parked'),
    )
    .select(
      knex('alerts')
        .count('*')
        .whereRaw('alerts.order_id = orders.order_id')
        .whereNull('resolved_at')
        .as('told'),
    )
    .whereIn('status', ['PLACING', 'PENDING'])
    .whereIn('owner', owners)
    .orderBy('order_id');
}

/** Swaps the owner with a compare-and-set; null when somebody else was first, or it has ended. */
export async function adopt(
  knex: Knex,
  orphan: Orphan,
  newOwner: string,
): Promise<AdoptedOrder | null> {
  await knex('orders')
    .where({ order_id: orphan.orderId, owner: orphan.owner })
    .whereIn('status', ['PLACING', 'PENDING'])
    .update({ owner: newOwner, owned_at: knex.fn.now(6) });
  // Read rather than counted, so that a retry after a lost reply finds that it has adopted.
  const mine = await knex('orders')
    .where({ order_id: orphan.orderId, owner: newOwner })
    .first<{ pattern: Pattern } | undefined>('pattern');
  if (!mine) return null;
  const orders = await readOrders(knex, [orphan.orderId]);
  const order = orders.get(orphan.orderId);
  return order ? { ...order, pattern: mine.pattern } : null;
}
