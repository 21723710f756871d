import type { Knex } from 'knex';
import type { AdoptedOrder } from '../../contracts/order';
import type { FoundOrphans, Orphan, OrphanQuery } from '../../contracts/recovery';
import { adoptedWaits } from '../../contracts/waits';
import { byIndex } from '../database/rows';
import type { Row } from '../database/tables';
import { readOrders } from './content';
import { endResolutions } from './ended-resolutions';

/** Asks Temporal which of these owners are open workflows. */
export type AskOwners = (owners: readonly string[]) => Promise<ReadonlySet<string>>;

const unfinished = ['PLACING', 'PENDING'];

/**
 * The orders that a workflow must drive: those that are PLACING, those that are PENDING and wait
 * for nothing, because a decision or a resolution has set them going, and those that wait for
 * adoption itself. Each is one range of an index, so that the owners come in order, unsorted.
 */
const undriven: readonly Pick<Row<'orders'>, 'status' | 'waits_for'>[] = [
  { status: 'PLACING', waits_for: null },
  ...[null, ...adoptedWaits].map((wait) => ({ status: 'PENDING', waits_for: wait }) as const),
];

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
  const found = await Promise.all(undriven.map((those) => ownersOf(knex, those, query)));
  const owners = [...new Set(found.flat())].sort().slice(0, query.limit);
  const open = await ask(owners);
  const idle = owners.filter((owner) => !open.has(owner));
  const left = idle.length > 0 ? undriven.map((those) => ordersOf(knex, those, idle)) : [];
  const orphans = (await Promise.all(left)).flat().sort(byOwner);
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

function ownersOf(
  knex: Knex,
  those: (typeof undriven)[number],
  { olderThanMs, afterOwner, limit }: OrphanQuery,
): Promise<string[]> {
  return knex('orders')
    .distinct()
    .where(those)
    .where('owner', '>', afterOwner)
    .where('owned_at', '<', knex.raw('NOW(6) - INTERVAL ? MICROSECOND', [olderThanMs * 1_000]))
    .orderBy('owner')
    .limit(limit)
    .pluck<string[]>('owner');
}

/** The orders that these owners left behind. The relay drives on an order with an unsent event. */
async function ordersOf(
  knex: Knex,
  those: (typeof undriven)[number],
  owners: string[],
): Promise<Orphan[]> {
  return knex('orders')
    .select({ orderId: 'order_id' }, 'owner', 'pattern')
    .select(
      knex('order_lines').count('*').whereRaw('order_lines.order_id = orders.order_id').as('lines'),
    )
    .where(those)
    .whereIn('owner', owners)
    .whereNotExists(
      knex('outbox')
        .select(knex.raw('1'))
        .whereRaw('outbox.order_id = orders.order_id')
        .whereNull('sent_at'),
    );
}

function byOwner(a: Orphan, b: Orphan): number {
  const [one, other] = [a, b].map(({ owner, orderId }) => `${owner} ${orderId}`);
  return (one ?? '') < (other ?? '') ? -1 : 1;
}

/**
 * Replaces the owner of each order by compare-and-set. Waits for no row lock: an order that another
 * session has locked is left to the next run, and the others are adopted.
 */
export async function adoptOrder(
  trx: Knex.Transaction,
  orphans: readonly Orphan[],
  newOwner: string,
): Promise<AdoptedOrder[]> {
  const ownerBefore = new Map(orphans.map(({ orderId, owner }) => [orderId, owner]));
  const orderIds = [...ownerBefore.keys()].sort();
  const free = await byIndex(trx, 'orders')
    .select('order_id', 'owner')
    .whereIn('order_id', orderIds)
    .whereIn('status', unfinished)
    .orderBy('order_id')
    .forUpdate()
    .skipLocked();
  const orphaned = free.filter((row) => row.owner === ownerBefore.get(row.order_id));
  await trx('orders')
    .whereIn(
      'order_id',
      orphaned.map((row) => row.order_id),
    )
    .update({ owner: newOwner, owned_at: trx.fn.now(6), waits_for: null });
  // If the owner was a resolution whose workflow is gone, the resolution ends with the order as it
  // is.
  await endResolutions(
    trx,
    orphaned.map((row) => row.order_id),
    'pending',
  );
  // Reads the rows instead of counting updates, so a retry after a lost reply finds what it
  // adopted.
  const mine = await trx('orders')
    .select('order_id', 'pattern')
    .where('owner', newOwner)
    .whereIn('order_id', orderIds)
    .orderBy('order_id');
  const contents = await readOrders(
    trx,
    mine.map((row) => row.order_id),
  );
  return mine.flatMap((row) => {
    const order = contents.get(row.order_id);
    return order && row.pattern ? [{ ...order, pattern: row.pattern }] : [];
  });
}
