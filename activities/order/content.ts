import type { Knex } from 'knex';
import { orderTerms, withTerms, type Decision, type PlacedOrder } from '../../contracts/order';

interface ContentRow {
  order_id: string;
  customer_id: string;
  total: number;
  decision: Decision | null;
  product_id: string;
  quantity: number;
  unit_price: number;
}

/** Reads orders by id, as a workflow needs them. Leaves out ids that do not exist. */
export async function readOrders(
  knex: Knex,
  orderIds: readonly string[],
): Promise<Map<string, PlacedOrder>> {
  if (orderIds.length === 0) return new Map();
  const rows = (await knex('orders')
    .join('order_lines', 'order_lines.order_id', 'orders.order_id')
    .select('orders.order_id', 'customer_id', 'total', 'decision', ...orderTerms)
    .select('product_id', 'quantity', 'unit_price')
    .whereIn('orders.order_id', [...new Set(orderIds)])
    .orderBy(['orders.order_id', 'line_number'])) as ContentRow[];
  const orders = new Map<string, PlacedOrder>();
  for (const row of rows) {
    const order = orders.get(row.order_id) ?? {
      orderId: row.order_id,
      customerId: row.customer_id,
      lines: [],
      total: row.total,
      ...withTerms(row),
      ...(row.decision && { decision: row.decision }),
    };
    order.lines.push({
      productId: row.product_id,
      quantity: row.quantity,
      unitPrice: row.unit_price,
    });
    orders.set(row.order_id, order);
  }
  return orders;
}
