import type { Knex } from 'knex';
import type { AdoptedOrder, Pattern } from '../../contracts/order';
import { patternRows } from '../../contracts/patterns';
import type { FoundOrphans, Orphan, OrphanQuery } from '../../contracts/recovery';
import { readOrders } from './content';
import { endResolutions } from './ended-resolutions';

/** The state of the workflow that owns an order. */
export type OwnerState =
  | 'open'
  /** It ended by itself, so it left its PENDING orders on purpose. */
  | 'completed'
  /** Terminated, failed or never begun: nothing drives its orders. */
  | 'gone';

const unfinished = ['PLACING', 'PENDING'];

interface Candidate {
  order_id: string;
  owner: string;
  status: string;
  /** Recorded with the claim. */
  pattern: Pattern;
  decision: string | null;
  lines: number;
  owed: number;
  /** Events of the order that the relay has not sent yet. */
  unsent: number;
  /** The open alerts of any kind. */
  told: number;
  /** Parked events, provided that the cancellation of a CANCEL order was emitted. */
  parked: number;
}

/** Asks Temporal for the state of these owners. The answer contains every one. */
export type AskOwners = (owners: readonly string[]) => Promise<Map<string, OwnerState>>;

/** How long one call may skip busy owners. Shorter than one attempt of the activity. */
const searchMsMax = 4_000;
/**
 * The maximum number of orphans per answer. Each takes about 150 bytes, and Temporal limits an
 * answer to 2 MB.
 */
const orphansMax = 5_000;

/**
 * Finds orders that nothing drives any more. Checks owners in the order of their ids, page by page,
 * until a page has orphans. So a thousand busy workflows cannot hide one that is gone, and do not
 * cost a call each.
 */
export async function findOrphans(
  knex: Knex,
  ask: AskOwners,
  query: OrphanQuery,
): Promise<FoundOrphans> {
  const deadline = performance.now() + searchMsMax;
  let { afterOwner } = query;
  for (;;) {
    const page = await lookAtOwners(knex, ask, { ...query, afterOwner });
    const isOver = page.orphans.length > 0 || performance.now() > deadline;
    if (isOver || page.lastOwner === null) return page;
    afterOwner = page.lastOwner;
  }
}

async function lookAtOwners(knex: Knex, ask: AskOwners, query: OrphanQuery): Promise<FoundOrphans> {
  const found = await Promise.all(unfinished.map((status) => ownersIn(knex, status, query)));
  const owners = [...new Set(found.flat())].sort().slice(0, query.limit);
  const states = await ask(owners);
  const idle = owners.filter((owner) => states.get(owner) !== 'open');
  const candidates = idle.length > 0 ? await ordersOf(knex, idle) : [];
  const orphans = candidates
    .sort((a, b) => (a.owner === b.owner ? 0 : a.owner < b.owner ? -1 : 1))
    .filter((row) => isOrphan(row, states.get(row.owner) ?? 'gone'))
    .map((row) => ({
      orderId: row.order_id,
      owner: row.owner,
      pattern: row.pattern,
      lines: row.lines,
    }));
  const lastOwner = owners.length < query.limit ? null : (owners.at(-1) ?? null);
  return firstOwners(orphans, lastOwner);
}

/** Whole owners only, so the next page continues after the last one. */
function firstOwners(orphans: Orphan[], lastOwner: string | null): FoundOrphans {
  const tooMany = orphans[orphansMax];
  if (!tooMany) return { orphans, lastOwner };
  const some = orphans.filter(({ owner }) => owner < tooMany.owner);
  return { orphans: some, lastOwner: some.at(-1)?.owner ?? null };
}

/**
 * Reads one status at a time, so the index yields the owners in order and a backlog needs no
 * sorting. Excludes orders in the compensation registry, whose drain drives them: an outage may
 * leave a hundred thousand of these, and asking Temporal about them would be wasted.
 */
function ownersIn(
  knex: Knex,
  status: string,
  { olderThanMs, afterOwner, limit }: OrphanQuery,
): Promise<string[]> {
  return knex('orders')
    .distinct()
    .where('status', status)
    .where('owner', '>', afterOwner)
    .where('owned_at', '<', knex.raw('NOW(6) - INTERVAL ? MICROSECOND', [olderThanMs * 1_000]))
    .where((rest) => {
      void rest
        .where('status', 'PLACING')
        .orWhereNotExists(
          knex('compensations')
            .select(knex.raw('1'))
            .whereRaw('compensations.order_id = orders.order_id')
            .where('compensations.status', 'PENDING'),
        );
    })
    .orderBy('owner')
    .limit(limit)
    .pluck<string[]>('owner');
}

/**
 * Whether an order is an orphan. A PLACING order without an open owner is one, unless its next
 * event waits for the relay. A PENDING order is one unless something else will continue it: the
 * registry's drain, or, if it is undecided after a broken step, an operator. In TCC, forced
 * confirmation or an operator continues a COMPLETE order, as its alert says; only adoption
 * continues a CANCEL order. In choreography, an order waits for an operator only while one of its
 * events is parked. Even then other events may be lost, until a workflow that looked for them has
 * completed.
 */
function isOrphan(row: Candidate, owner: OwnerState): boolean {
  if (row.unsent > 0) return false;
  if (row.status === 'PLACING') return true;
  const { begins, moves } = patternRows[row.pattern];
  if (begins === 'by-event') return owner === 'gone' || row.parked === 0;
  if (row.owed > 0) return false;
  if (moves === 'after-complete' && row.decision === 'COMPLETE')
    return owner === 'gone' || row.told === 0;
  return owner === 'gone' || row.decision !== null;
}

function ordersOf(knex: Knex, owners: string[]): Promise<Candidate[]> {
  return knex('orders')
    .select('order_id', 'owner', 'status', 'pattern', 'decision')
    .select(
      knex('order_lines').count('*').whereRaw('order_lines.order_id = orders.order_id').as('lines'),
    )
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

/**
 * Replaces the owner of each order by compare-and-set. Waits for no row lock: an order that another
 * session has locked is left to the next run, and the others are adopted.
 */
export async function adopt(
  trx: Knex.Transaction,
  orphans: readonly Orphan[],
  newOwner: string,
): Promise<AdoptedOrder[]> {
  const ownerBefore = new Map(orphans.map(({ orderId, owner }) => [orderId, owner]));
  const orderIds = [...ownerBefore.keys()].sort();
  const free = (await trx(trx.raw('orders FORCE INDEX (PRIMARY)'))
    .select('order_id', 'owner')
    .whereIn('order_id', orderIds)
    .whereIn('status', unfinished)
    .orderBy('order_id')
    .forUpdate()
    .skipLocked()) as { order_id: string; owner: string }[];
  const orphaned = free.filter((row) => row.owner === ownerBefore.get(row.order_id));
  await trx('orders')
    .whereIn(
      'order_id',
      orphaned.map((row) => row.order_id),
    )
    .update({ owner: newOwner, owned_at: trx.fn.now(6) });
  // If the owner was a resolution whose workflow is gone, the resolution ends with the order as it
  // is.
  await endResolutions(
    trx,
    orphaned.map((row) => row.order_id),
    'pending',
  );
  // Reads the rows instead of counting updates, so a retry after a lost reply finds what it
  // adopted.
  const mine = (await trx('orders')
    .select('order_id', 'pattern')
    .where('owner', newOwner)
    .whereIn('order_id', orderIds)
    .orderBy('order_id')) as { order_id: string; pattern: Pattern }[];
  const contents = await readOrders(
    trx,
    mine.map((row) => row.order_id),
  );
  return mine.flatMap((row) => {
    const order = contents.get(row.order_id);
    return order ? [{ ...order, pattern: row.pattern }] : [];
  });
}
