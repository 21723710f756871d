import type { PlacedOrder } from '../contracts/order';
import type { PointCommand, StockCommand } from '../contracts/steps';

/** What each participant is told of an order: its own part and nothing else. */
export function stockCommand({ orderId, lines }: PlacedOrder): StockCommand {
  return {
    orderId,
    lines: lines.map(({ productId, quantity }) => ({ productId, quantity })),
  };
}

export function pointCommand({ orderId, customerId, total }: PlacedOrder): PointCommand {
  return { orderId, customerId, points: total };
}
