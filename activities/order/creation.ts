import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import { queryMsMax } from '../transaction/connection';
import { orderTerms, withTerms } from '../../contracts/order';
import type { OrderLine, OrderTerms, WithTerms } from '../../contracts/order';
import { text } from '../transaction/parameters';

/** Creating orders, once for each customer and idempotency key. */

/** An order about to be created; prices are fixed already. */
export interface OrderDraft extends WithTerms {
  /** Minted by the caller. It does not become the order's when the key was used before. */
  orderId: string;
  customerId: string;
  idempotencyKey: string;
  /** From `requestHash`. */
  requestHash: string;
  lines: OrderLine[];
  total: number;
}

/** An order as it was when it was created, whatever has become of it since. */
export interface CreatedOrder extends WithTerms {
  orderId: string;
  lines: OrderLine[];
  total: number;
  createdAt: Date;
}

export type Creation =
  | { kind: 'created'; order: CreatedOrder }
  /** The key was used before, with the same content. */
  | { kind: 'replayed'; order: CreatedOrder }
  /** The key was used before, with other content. */
  | { kind: 'key-reused' }
  /** Somebody is creating under this key and has not ended: nothing was done; ask again. */
  | { kind: 'locked' };

/**
 * A hash over what was asked for, with the version of its form in front so that it may change one
 * day. Prices are not covered: they are ours, and a retry may come after they changed.
 */
export function requestHash(
  items: readonly { productId: string; quantity: number }[],
  terms: OrderTerms = {},
): string {
  const asked = JSON.stringify(items.map(({ productId, quantity }) => [productId, quantity]));
  const said = Object.entries(terms).sort();
  const canonical = said.length === 0 ? asked : asked + JSON.stringify(said);
  return `v1:${createHash('sha256').update(canonical).digest('base64url')}`;
}

/**
 * A row that exists already is updated to itself, which waits for the transaction that is
 * inserting it; then the rows are read to tell ours from those that were there. Keys are taken in
 * their order, so that two batches cannot deadlock.
 *
 * @throws when a draft's order id belongs to another order: a bug, and not to be taken for a replay.
 */
export async function create(
  trx: Knex.Transaction,
  drafts: readonly OrderDraft[],
): Promise<Creation[]> {
  const sorted = [...drafts].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  await trx('orders')
    .insert(
      sorted.map((draft) => ({
        order_id: text(draft.orderId),
        customer_id: text(draft.customerId),
        idempotency_key: text(draft.idempotencyKey),
        request_hash: text(draft.requestHash),
        total: draft.total,
        ...draft.terms,
      })),
    )
    .onConflict()
    .merge({ status: trx.ref('orders.status') })
    .timeout(queryMsMax);
  const recorded = await readCreated(trx, drafts);
  const fresh = drafts.filter((draft) => {
    const found = recorded.get(keyOf(draft));
    // Lines that are there already were written by an attempt whose COMMIT lost its reply.
    return found?.order.orderId === draft.orderId && found.order.lines.length === 0;
  });
  for (const draft of fresh) recorded.get(keyOf(draft))?.order.lines.push(...draft.lines);
  if (fresh.length > 0) {
    await trx('order_lines').insert(fresh.flatMap(lineRows)).timeout(queryMsMax);
  }
  return drafts.map((draft) => {
    const found = recorded.get(keyOf(draft));
    if (!found) throw new Error(`The order id ${draft.orderId} is another order's`);
    if (found.order.orderId === draft.orderId) return { kind: 'created', order: found.order };
    return replay(found, draft.requestHash);
  });
}

/** What was created under this key, if anything was. */
export async function find(
  knex: Knex,
  key: IdempotencyKey & Pick<OrderDraft, 'requestHash'>,
): Promise<Creation | undefined> {
  const recorded = await readCreated(knex, [key]);
  const found = recorded.get(keyOf(key));
  return found && replay(found, key.requestHash);
}

interface Recorded {
  requestHash: string;
  order: CreatedOrder;
}

interface CreatedRow {
  order_id: string;
  customer_id: string;
  idempotency_key: string;
  request_hash: string;
  total: number;
  created_at: Date;
  /** Null, like the two others, for an order whose lines are not written yet. */
  product_id: string | null;
  quantity: number;
  unit_price: number;
}

type IdempotencyKey = Pick<OrderDraft, 'customerId' | 'idempotencyKey'>;

/** What was created under these keys, by `keyOf`. */
async function readCreated(
  knex: Knex,
  keys: readonly IdempotencyKey[],
): Promise<Map<string, Recorded>> {
  const rows = (await knex('orders')
    .leftJoin('order_lines', 'order_lines.order_id', 'orders.order_id')
    .select('orders.order_id', 'customer_id', 'idempotency_key', 'request_hash', 'total')
    .select('created_at', 'product_id', 'quantity', 'unit_price', ...orderTerms)
    .whereIn(
      ['customer_id', 'idempotency_key'],
      keys.map((key) => [text(key.customerId), text(key.idempotencyKey)]),
    )
    .orderBy(['orders.order_id', 'line_number'])
    .timeout(queryMsMax)) as CreatedRow[];
  const found = new Map<string, Recorded>();
  for (const row of rows) {
    const key = keyOf({ customerId: row.customer_id, idempotencyKey: row.idempotency_key });
    const { order_id: orderId, total, created_at: createdAt } = row;
    const recorded = found.get(key) ?? {
      requestHash: row.request_hash,
      order: { orderId, total, createdAt, lines: [], ...withTerms(row) },
    };
    const { product_id: productId, quantity, unit_price: unitPrice } = row;
    if (productId !== null) recorded.order.lines.push({ productId, quantity, unitPrice });
    found.set(key, recorded);
  }
  return found;
}

function replay({ requestHash: recordedHash, order }: Recorded, hash: string): Creation {
  return recordedHash === hash ? { kind: 'replayed', order } : { kind: 'key-reused' };
}

/** Customer ids hold no spaces, so that no two pairs look alike. */
function keyOf({ customerId, idempotencyKey }: IdempotencyKey): string {
  return `${customerId} ${idempotencyKey}`;
}

function lineRows({ orderId, lines }: OrderDraft) {
  return lines.map((line, index) => ({
    order_id: orderId,
    line_number: index + 1,
    product_id: line.productId,
    quantity: line.quantity,
    unit_price: line.unitPrice,
  }));
}
