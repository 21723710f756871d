import type { Knex } from 'knex';
import { orderTerms, withTerms, type PlacedOrder } from '../../contracts/order';
import type { Row } from '../database/tables';

type ContentRow = Pick<Row<'orders'>, 'order_id' | 'customer_id' | 'total' | 'decision'> &
  Pick<Row<'order_lines'>, 'product_id' | 'quantity' | 'unit_price'>;

/**
 * Reads orders by id, as a workflow needs them. Leaves out ids that do not exist. Amounts fit a
 * number: an order costs 2^53 - 1 at most.
 */
export async function readOrders(
  knex: Knex,
  orderIds: readonly string[],
): Promise<Map<string, PlacedOrder>> {
  if (orderIds.length === 0) return new Map();
  const rows = await knex('orders')
    .join('order_lines', 'order_lines.order_id', 'orders.order_id')
    .select('orders.order_id', 'customer_id', 'total', 'decision', ...orderTerms)
    .select<ContentRow[]>('product_id', 'quantity', 'unit_price')
    .whereIn('orders.order_id', [...new Set(orderIds)])
    .orderBy(['orders.order_id', 'line_number']);
  const orders = new Map<string, PlacedOrder>();
  for (const row of rows) {
    const order = orders.get(row.order_id) ?? {
      orderId: row.order_id,
      customerId: row.customer_id,
      lines: [],
      total: Number(row.total),
      ...withTerms(row),
      ...(row.decision && { decision: row.decision }),
    };
    order.lines.push({
      productId: row.product_id,
      quantity: row.quantity,
      unitPrice: Number(row.unit_price),
    });
    orders.set(row.order_id, order);
  }
  return orders;
}
