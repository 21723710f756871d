import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import { queryMsMax } from '../database/connection';
import { orderTerms, withTerms } from '../../contracts/order';
import type { OrderLine, OrderTerms, WithTerms } from '../../contracts/order';
import { text } from '../database/parameters';
import type { Row } from '../database/tables';

/** Creates orders, one per customer and idempotency key. */

/** An order to create, with its prices. */
export interface OrderDraft extends WithTerms {
  /** Minted by the caller. Unused if the key already has an order. */
  orderId: string;
  customerId: string;
  idempotencyKey: string;
  /** From `requestHash`. */
  requestHash: string;
  lines: OrderLine[];
  total: number;
}

/** An order as it was created, independent of its present state. */
export interface CreatedOrder extends WithTerms {
  orderId: string;
  lines: OrderLine[];
  total: number;
  createdAt: Date;
}

export type Creation =
  | { kind: 'created'; order: CreatedOrder }
  /** The key was used before with the same content. */
  | { kind: 'replayed'; order: CreatedOrder }
  /** The key was used before with different content. */
  | { kind: 'key-reused' }
  /** Another request with this key is still creating its order. Nothing was done; retry. */
  | { kind: 'locked' };

/**
 * A hash of the requested items, with a version prefix that allows a later change of its form. It
 * excludes prices, because they may change before a retry.
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
 * Updates a row that exists already to itself, which waits for the transaction that is inserting
 * it. Then reads the rows to tell new orders from existing ones. Takes the keys in order, so two
 * batches cannot deadlock.
 *
 * @throws Error if a draft's order id belongs to another order, which is a bug and not a replay
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
    // Existing lines were written by an attempt whose COMMIT reply was lost.
    return found?.order.orderId === draft.orderId && found.order.lines.length === 0;
  });
  for (const draft of fresh) recorded.get(keyOf(draft))?.order.lines.push(...draft.lines);
  if (fresh.length > 0) {
    await trx('order_lines').insert(fresh.flatMap(lineRows)).timeout(queryMsMax);
  }
  return drafts.map((draft) => {
    const found = recorded.get(keyOf(draft));
    if (!found) throw new Error(`The order id ${draft.orderId} belongs to another order`);
    if (found.order.orderId === draft.orderId) return { kind: 'created', order: found.order };
    return replay(found, draft.requestHash);
  });
}

/** The order that was created with this key, if there is one. */
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

type CreatedOrderRow = Pick<
  Row<'orders'>,
  'order_id' | 'customer_id' | 'idempotency_key' | 'request_hash' | 'total' | 'created_at'
>;

interface CreatedRow extends CreatedOrderRow, Pick<Row<'order_lines'>, 'quantity' | 'unit_price'> {
  /** Null, like the other two, if the order's lines are not written yet. */
  product_id: string | null;
}

type IdempotencyKey = Pick<OrderDraft, 'customerId' | 'idempotencyKey'>;

/** The orders that were created with these keys, by `keyOf`. */
async function readCreated(
  knex: Knex,
  keys: readonly IdempotencyKey[],
): Promise<Map<string, Recorded>> {
  const rows = await knex('orders')
    .leftJoin('order_lines', 'order_lines.order_id', 'orders.order_id')
    .select('orders.order_id', 'customer_id', 'idempotency_key', 'request_hash', 'total')
    .select<CreatedRow[]>('created_at', 'product_id', 'quantity', 'unit_price', ...orderTerms)
    .whereIn(
      ['customer_id', 'idempotency_key'],
      keys.map((key) => [text(key.customerId), text(key.idempotencyKey)]),
    )
    .orderBy(['orders.order_id', 'line_number'])
    .timeout(queryMsMax);
  const found = new Map<string, Recorded>();
  for (const row of rows) {
    const key = keyOf({ customerId: row.customer_id, idempotencyKey: row.idempotency_key });
    const { order_id: orderId, created_at: createdAt } = row;
    const recorded = found.get(key) ?? {
      requestHash: row.request_hash,
      order: { orderId, total: Number(row.total), createdAt, lines: [], ...withTerms(row) },
    };
    const { product_id: productId, quantity } = row;
    const unitPrice = Number(row.unit_price);
    if (productId !== null) recorded.order.lines.push({ productId, quantity, unitPrice });
    found.set(key, recorded);
  }
  return found;
}

function replay({ requestHash: recordedHash, order }: Recorded, hash: string): Creation {
  return recordedHash === hash ? { kind: 'replayed', order } : { kind: 'key-reused' };
}

/** Customer ids contain no spaces, so the joined key is unique. */
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
